"""Saved values on a full disk, in damaged files and with special files in their place."""

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
from daemon.practice.history.records import WeekRecord
from daemon.practice.sessions import Diary, Session, Sessions
from daemon.system.files.json_store import JsonStore
from tests.conftest import ROOT
from tests.daemon.mqtt.outbox.test_outbox import small_disk
from tests.daemon.special_files import SPECIAL

NODE = Node("box", "room", ("guitar",), "m", "v")
NOW = 1.7e9
SESSION = Session(NOW - 1000, 600.0, ("guitar", "flute"))
DIARY = Diary("2023-11-14", 700.0, {"guitar": 600.0}, None, SESSION)


def practice_store(folder: Path) -> JsonStore[Diary]:
    return JsonStore(folder, "practice-room", Diary())


def use_diary(diary: Diary) -> None:
    """Use a diary as the daemon does at its start and later."""
    practice = Sessions(settle_seconds=10, gap_seconds=60, least_seconds=1, diary=diary)
    practice.begin(NOW)
    for wall in (NOW, NOW + 100, NOW + 86_400):
        practice.advance_clock(wall)
        messages.practice(NODE, practice.diary, WeekRecord(0.0, {}))
        if practice.diary.last is not None:
            messages.last_session(NODE, practice.diary.last.summary)
            messages.practice_summary(NODE, practice.diary.last.summary)
    practice.update(10.0, NOW, [])


def diary_with(diary: Diary, changes: dict[str, Any]) -> bytes:
    """Return a diary as JSON with the values at some paths replaced."""
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
def test_file_with_absurd_numbers_is_moved_aside(
    changes: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "practice-room.json"
    file.write_bytes(diary_with(DIARY, changes))
    damaged = file.read_bytes()
    assert practice_store(tmp_path).read() == Diary()
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
def test_damaged_file_is_moved_aside(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "practice-room.json").write_bytes(content)
    assert practice_store(tmp_path).read() == Diary()
    assert (tmp_path / "practice-room.json.damaged").read_bytes() == content


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2023-11-15", "2023-11-13", "never"])
def test_accepts_a_diary_of_any_day(day: str, tmp_path: Path) -> None:
    (tmp_path / "practice-room.json").write_bytes(diary_with(DIARY, {"day": day}))
    diary = practice_store(tmp_path).read()
    assert diary.last == SESSION
    use_diary(diary)


def test_randomly_damaged_diary_is_rejected_or_usable() -> None:
    """Random changes give a diary that is rejected or that the daemon can use."""
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
        use_diary(diary)
        taken += 1
    assert taken > 200


@pytest.mark.parametrize(
    "changes",
    [{"gate_dbfs": 1e300}, {"stop_after_seconds": 0.0}, {"sensitivity": -1.0}, {"muted": 7}],
    ids=str,
)
def test_absurd_settings_are_not_applied(changes: dict[str, Any], tmp_path: Path) -> None:
    document = json.loads(msgspec.json.encode(Chosen())) | changes
    (tmp_path / "chosen-room.json").write_text(json.dumps(document))
    assert JsonStore(tmp_path, "chosen-room", Chosen()).read() == Chosen()
    assert (tmp_path / "chosen-room.json.damaged").exists()


@pytest.mark.parametrize("kind", SPECIAL)
def test_special_file_is_neither_read_nor_followed(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(msgspec.json.encode(DIARY))
    before = elsewhere.read_bytes()
    SPECIAL[kind](tmp_path / "practice-room.json")
    store = practice_store(tmp_path)
    assert store.read() == Diary()
    assert f"{kind} instead of a file; moved to practice-room.json.damaged" in caplog.text
    store.write(DIARY)
    store.close()
    assert practice_store(tmp_path).read() == DIARY
    assert elsewhere.read_bytes() == before


@pytest.mark.parametrize("kind", SPECIAL)
def test_special_file_in_place_of_the_new_file_is_moved_aside(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("precious")
    SPECIAL[kind](tmp_path / ".new-practice-room.json")
    store = practice_store(tmp_path)
    store.write(DIARY)
    store.close()
    assert practice_store(tmp_path).read() == DIARY
    assert elsewhere.read_text() == "precious"
    assert f".new-practice-room.json is {kind} instead of a file: moved to " in caplog.text


WRITE = """
import logging, resource, sys
from pathlib import Path
from daemon.system.files.json_store import JsonStore
from tests.daemon.system.files.test_json_store import DIARY, practice_store
logging.basicConfig(format="%(message)s")
store = practice_store(Path(sys.argv[1]))
store.write(DIARY)
store.close()
resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))
store.write(type(DIARY)("2030-01-01", 5.0))
store.close()
"""


def test_partial_write_leaves_the_file_unchanged(tmp_path: Path) -> None:
    """The kernel writes only 50 bytes of the second value, and then fails."""
    done = subprocess.run(
        [sys.executable, "-c", WRITE, tmp_path],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert practice_store(tmp_path).read() == DIARY
    assert (
        "practice-room.json: File too large; not saved, so it will be lost at the next restart"
        in done.stderr
    )
    assert [path.name for path in tmp_path.iterdir()] == ["practice-room.json"]


def test_full_disk_leaves_the_file_unchanged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with small_disk(tmp_path, "rw") as disk:
        store = practice_store(disk)
        store.write(DIARY)
        store.close()
        ballast = disk / "ballast"
        with pytest.raises(OSError, match="No space"):
            ballast.write_bytes(bytes(400_000))
        # The value needs one page more than is free, so the disk writes only the first.
        os.truncate(ballast, ballast.stat().st_size - 4096)
        store.write(msgspec.structs.replace(DIARY, families={f"f{n}": 1.0 for n in range(1_000)}))
        store.close()
        assert practice_store(disk).read() == DIARY
        assert "No space left on device; not saved, so it will be lost" in caplog.text
        ballast.unlink()
        store.write(Diary())
        store.close()
        assert practice_store(disk).read() == Diary()


def test_reading_makes_the_file_private(tmp_path: Path) -> None:
    file = tmp_path / "practice-room.json"
    file.write_bytes(msgspec.json.encode(DIARY))
    file.chmod(0o644)
    assert practice_store(tmp_path).read() == DIARY
    assert file.stat().st_mode & 0o777 == 0o600
