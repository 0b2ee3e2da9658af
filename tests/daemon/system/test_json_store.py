"""Notes on a disk that is full, damaged or in somebody else's hands."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from daemon.hub import messages
from daemon.hub.controls import Chosen
from daemon.hub.messages import Node
from daemon.practice.sessions import Diary, Session, Sessions
from daemon.system.json_store import JsonStore
from tests.conftest import ROOT
from tests.daemon.mqtt.outbox.test_outbox import small_disk
from tests.daemon.special_files import SPECIAL

NODE = Node("box", "room", ("guitar",), "m", "v")
NOW = 1.7e9
SESSION = Session(NOW - 1000, 600.0, ("guitar", "flute"))
DIARY = Diary("2023-11-14", 700.0, {"guitar": 600.0}, None, SESSION)


def note(folder: Path) -> JsonStore[Diary]:
    return JsonStore(folder, "practice-room", Diary())


def goes_on_with(diary: Diary) -> None:
    """Do all that the daemon does with a diary at its start and later."""
    practice = Sessions(settle_seconds=10, gap_seconds=60, least_seconds=1, diary=diary)
    practice.begin(NOW)
    for wall in (NOW, NOW + 100, NOW + 86_400):
        practice.advance_clock(wall)
        messages.practice(NODE, practice.diary)
        if practice.diary.last is not None:
            messages.last_session(NODE, practice.diary.last)
    practice.update(10.0, NOW, [])


def written(diary: Diary, changes: dict[str, Any]) -> bytes:
    """A diary as JSON with some values replaced, by their paths."""
    document = json.loads(msgspec.json.encode(diary))
    for path, value in changes.items():
        *way, last = path.split(".")
        inner = document
        for key in way:
            inner = inner[key]
        inner[last] = value
    return json.dumps(document).encode()


ABSURD = [
    {"last.started": 1e300},
    {"last.started": -1e300},
    {"last.started": -1.0},
    {"last.started": 253_402_300_799.0},
    {"last.seconds": 1e300},
    {"last.seconds": -1.0},
    {"last.started": float("nan")},
    {"last.families": ["x"] * 5_000},
    {"last.families": ["x" * 500]},
    {"last.families": None},
    {"session": {"started": 1e18, "seconds": 1.0, "families": []}},
    {"seconds": -5.0},
    {"seconds": float("inf")},
    {"seconds": 10**400},
    {"families": {"guitar": -1.0}},
    {"families": {"guitar": 1e200}},
    {"families": ["guitar"]},
    {"day": 5},
]


@pytest.mark.parametrize("changes", ABSURD, ids=str)
def test_absurd_numbers_are_moved_aside_and_the_note_begins_anew(
    changes: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "practice-room.json"
    file.write_bytes(written(DIARY, changes))
    damaged = file.read_bytes()
    assert note(tmp_path).read() == Diary()
    assert not file.exists()
    assert file.with_name("practice-room.json.damaged").read_bytes() == damaged
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert f"{file}: " in record.getMessage()
    assert "moved to practice-room.json.damaged; starting with defaults" in record.getMessage()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"\xff\xfe",
        b'{"x":' * 20_000,
        b" " * 2_000_000,
        b'{"day":"\xed\xa0\x80"}',
    ],
    ids=lambda content: repr(content[:12]),
)
def test_a_damaged_note_is_moved_aside(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "practice-room.json").write_bytes(content)
    assert note(tmp_path).read() == Diary()
    assert (tmp_path / "practice-room.json.damaged").read_bytes() == content


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2023-11-15", "2023-11-13", "never"])
def test_a_day_far_away_does_not_matter(day: str, tmp_path: Path) -> None:
    (tmp_path / "practice-room.json").write_bytes(written(DIARY, {"day": day}))
    diary = note(tmp_path).read()
    assert diary.last == SESSION
    goes_on_with(diary)


def test_whatever_is_read_can_be_shown() -> None:
    """Numbers and bytes at random: refused, or a diary that the daemon can go on with."""
    rng = np.random.default_rng(3)
    whole = msgspec.json.encode(msgspec.structs.replace(DIARY, session=SESSION))
    taken = 0
    for _ in range(2_000):
        content = bytearray(whole)
        for place in rng.integers(0, len(content), rng.integers(1, 4)):
            content[place] = (
                rng.choice(list(b'0123456789eE+-.,:{}[]n"')) if rng.random() < 0.8 else 255
            )
        try:
            diary = msgspec.json.decode(bytes(content), type=Diary)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
        goes_on_with(diary)
        taken += 1
    assert taken > 200


@pytest.mark.parametrize(
    "changes",
    [{"gate_dbfs": 1e300}, {"stop_after_seconds": 0.0}, {"sensitivity": -1.0}, {"muted": 7}],
    ids=str,
)
def test_absurd_settings_are_not_put_in_force(changes: dict[str, Any], tmp_path: Path) -> None:
    document = json.loads(msgspec.json.encode(Chosen())) | changes
    (tmp_path / "chosen-room.json").write_text(json.dumps(document))
    assert JsonStore(tmp_path, "chosen-room", Chosen()).read() == Chosen()
    assert (tmp_path / "chosen-room.json.damaged").exists()


@pytest.mark.parametrize("kind", SPECIAL)
def test_what_is_no_file_is_neither_read_nor_followed(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(msgspec.json.encode(DIARY))
    before = elsewhere.read_bytes()
    SPECIAL[kind](tmp_path / "practice-room.json")
    kept = note(tmp_path)
    assert kept.read() == Diary()
    assert f"{kind} instead of a file; moved to practice-room.json.damaged" in caplog.text
    kept.write(DIARY)
    kept.close()
    assert note(tmp_path).read() == DIARY
    assert elsewhere.read_bytes() == before


@pytest.mark.parametrize("kind", SPECIAL)
def test_what_is_in_the_way_of_the_next_note_is_moved_aside(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("precious")
    SPECIAL[kind](tmp_path / ".new-practice-room.json")
    kept = note(tmp_path)
    kept.write(DIARY)
    kept.close()
    assert note(tmp_path).read() == DIARY
    assert elsewhere.read_text() == "precious"
    assert f".new-practice-room.json is {kind} instead of a file: moved to " in caplog.text


WRITE = """
import logging, resource, sys
from pathlib import Path
from daemon.system.json_store import JsonStore
from tests.daemon.system.test_json_store import DIARY, note
logging.basicConfig(format="%(message)s")
kept = note(Path(sys.argv[1]))
kept.write(DIARY)
kept.close()
resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))
kept.write(type(DIARY)("2030-01-01", 5.0))
kept.close()
"""


def test_a_write_that_is_cut_short_leaves_the_note_as_it_was(tmp_path: Path) -> None:
    """The kernel takes 50 bytes of the second note, and says so."""
    done = subprocess.run(
        [sys.executable, "-c", WRITE, tmp_path],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert note(tmp_path).read() == DIARY
    assert (
        "practice-room.json: File too large; not saved, so it will be lost at the next restart"
        in done.stderr
    )
    assert [path.name for path in tmp_path.iterdir()] == ["practice-room.json"]


def test_on_a_full_disk_the_note_stays_as_it_was(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with small_disk(tmp_path, "rw") as disk:
        kept = note(disk)
        kept.write(DIARY)
        kept.close()
        ballast = disk / "ballast"
        with pytest.raises(OSError, match="No space"):
            ballast.write_bytes(bytes(400_000))
        # One page more than there is room for: the disk takes the first.
        os.truncate(ballast, ballast.stat().st_size - 4096)
        kept.write(msgspec.structs.replace(DIARY, families={f"f{n}": 1.0 for n in range(1_000)}))
        kept.close()
        assert note(disk).read() == DIARY
        assert "No space left on device; not saved, so it will be lost" in caplog.text
        ballast.unlink()
        kept.write(Diary())
        kept.close()
        assert note(disk).read() == Diary()


def test_a_note_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    file = tmp_path / "practice-room.json"
    file.write_bytes(msgspec.json.encode(DIARY))
    file.chmod(0o644)
    assert note(tmp_path).read() == DIARY
    assert file.stat().st_mode & 0o777 == 0o600
