"""Damaged outbox files are moved aside and logged; their undamaged rows are kept."""

import json
import logging
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from daemon.errors import InputError
from daemon.hub.messages import Message
from daemon.mqtt.outbox import outbox as outbox_module
from daemon.mqtt.outbox.database import NAME, OutboxFile
from daemon.mqtt.outbox.event_queue import Entry
from daemon.mqtt.outbox.moment import Moment, this_moment
from daemon.mqtt.outbox.outbox import Outbox
from daemon.mqtt.outbox.rows import _checksum
from daemon.mqtt.outbox.wal import repair_log
from tests.conftest import ROOT, Mosquitto, Watcher
from tests.daemon.mqtt.outbox.test_outbox import small_disk, wait_until
from tests.daemon.special_files import SPECIAL

WAL = f"{NAME}-wal"
ASIDE = f"{NAME}.damaged"
PAGE = 4096
NOW = float(int(time.time()) - 3600)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "state"


def entry(number: int, size: int = 300) -> Entry:
    payload = b'{"n":%d}%s' % (number, b" " * size)
    return Entry(Message("t/room/event", payload, 1), Moment("boot", float(number), NOW + number))


def numbers(entries: list[Entry]) -> list[int]:
    return [json.loads(entry.message.payload)["n"] for entry in entries]


def make(directory: Path, events: int = 30, wills: int = 3) -> Path:
    """Make an outbox that was closed properly; return its file."""
    file = OutboxFile(directory)
    file.write(
        {number: entry(number) for number in range(1, events + 1)},
        [],
        {f"id{number}": entry(1000 + number) for number in range(wills)},
    )
    file.close()
    return directory / NAME


def make_killed(directory: Path, writes: int = 12) -> Path:
    """Make an outbox as a killed daemon leaves it; return its write-ahead log.

    Each event is one write.
    """
    open_outbox = directory.with_name("open")
    file = OutboxFile(open_outbox)
    for number in range(1, writes + 1):
        file.write({number: entry(number)}, [], {"id": entry(1000 + number)})
    directory.mkdir()
    for name in (NAME, WAL):
        shutil.copy(open_outbox / name, directory)
    file.close()
    return directory / WAL


def reopen(directory: Path) -> OutboxFile:
    """Open the outbox as the next start does, and close it."""
    file = OutboxFile(directory)
    file.close()
    return file


def insert_row(path: Path, *values: Any, table: str = "events", key: Any = None) -> None:
    """Add a row of any values with a correct checksum."""
    with sqlite3.connect(path) as database:
        row = (key, *values, _checksum(*values))
        database.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608
    database.close()


def run_sql(path: Path, script: str) -> None:
    database = sqlite3.connect(path)
    database.executescript(script)
    database.close()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    ("script", "kept"),
    [
        ("UPDATE events SET topic = CAST(X'fffe' AS TEXT) WHERE number = 3", 32),
        ("UPDATE events SET boot = CAST(X'c3' AS TEXT) WHERE number = 3", 32),
        ("UPDATE wills SET topic = CAST(X'ff' AS TEXT) WHERE event_id = 'id1'", 32),
        # The checksum does not cover the event id, which is not sent.
        ("UPDATE wills SET event_id = CAST(X'ff' AS TEXT) WHERE event_id = 'id1'", 33),
    ],
)
def test_invalid_utf_8_loses_only_its_own_row(
    script: str, kept: int, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run_sql(make(directory), script)
    file = reopen(directory)
    assert len(file.events) + len(file.wills) == kept
    assert file.unusable == 33 - kept
    assert len(warnings(caplog)) == file.unusable
    assert file.unusable == 0 or f"moved to {ASIDE}; {kept} event(s) could be" in caplog.text


@pytest.mark.parametrize("name", [b"boot TEXT", b"payload BLOB", b"wills (event"])
def test_schema_with_invalid_utf_8_loses_no_event(
    name: bytes, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = make(directory)
    content = bytearray(path.read_bytes())
    place = -1
    while (place := content.find(name, place + 1)) >= 0:
        content[place + 1] = 0xFF
    path.write_bytes(content)
    file = reopen(directory)
    assert numbers(file.events) == list(range(1, 31))
    assert len(file.wills) == 3
    (line,) = warnings(caplog)
    assert line.startswith(f"{path} is damaged (")
    assert (directory / ASIDE).exists()


BYTES = {
    "page size": (16, 0x13),
    "write format": (18, 9),
    "read format": (19, 9),
    "reserved space": (20, 200),
    "schema version": (60, 0x40),
    "negative schema version": (60, 0xFF),
    "schema version 0": (63, 0),
    "magic": (0, 0),
    "text encoding": (59, 2),
    "first cell": (100, 0),
}


@pytest.mark.parametrize("name", BYTES)
def test_damaged_first_page_loses_no_event(
    name: str, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = make(directory)
    content = bytearray(path.read_bytes())
    place, value = BYTES[name]
    content[place] = value
    path.write_bytes(content)
    file = reopen(directory)
    assert numbers(file.events) == list(range(1, 31))
    assert len(file.wills) == 3
    assert len(warnings(caplog)) == 1
    assert numbers(reopen(directory).events) == list(range(1, 31))


def test_newer_schema_is_not_treated_as_damage(directory: Path) -> None:
    run_sql(make(directory), "PRAGMA user_version = 2")
    with pytest.raises(
        InputError, match=r"made by a newer Timbrel \(schema 2, this version supports 1\)"
    ):
        OutboxFile(directory)


@pytest.mark.parametrize(
    "damage", ["junk", "cut", "foreign", "zeros in the middle", "only zeros", "empty"]
)
def test_moves_damaged_file_aside_and_keeps_undamaged_rows(
    damage: str, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = make(directory, 200)
    sound = path.read_bytes()
    kept = range(1)
    if damage == "junk":
        path.write_bytes(b"this was a database once. " * 1000)
    elif damage == "cut":
        path.write_bytes(sound[: len(sound) // 2 + 100])
        kept = range(60, 200)
    elif damage == "foreign":
        path.unlink()
        run_sql(path, "CREATE TABLE events (number INTEGER); PRAGMA user_version = 1")
    elif damage == "zeros in the middle":
        path.write_bytes(sound[:20_000] + bytes(40_000) + sound[60_000:])
        kept = range(60, 200)
    elif damage == "only zeros":
        path.write_bytes(bytes(len(sound)))
    else:
        path.write_bytes(b"")
    file = reopen(directory)
    assert len(file.events) in kept
    assert set(file.events) <= {entry(number) for number in range(1, 201)}
    assert numbers(reopen(directory).events) == numbers(file.events)
    if damage != "empty":
        (line,) = warnings(caplog)
        assert f"moved to {ASIDE}; {len(file.events) + len(file.wills)} event(s) could" in line
        assert (directory / ASIDE).exists()


def test_flipped_bits_prevent_no_start_and_invent_no_event(directory: Path) -> None:
    sound = make(directory).read_bytes()
    everything = {entry(number) for number in (*range(1, 31), 1000, 1001, 1002)}
    rng = np.random.default_rng(1)
    kept = []
    for _ in range(80):
        content = bytearray(sound)
        for place in rng.integers(0, len(content), rng.integers(1, 9)):
            content[place] ^= 1 << int(rng.integers(8))
        shutil.rmtree(directory)
        directory.mkdir()
        (directory / NAME).write_bytes(content)
        try:
            file = OutboxFile(directory)
        except InputError as error:
            assert "made by a newer Timbrel" in str(error)  # noqa: PT017
            continue
        assert set(file.events) | set(file.wills) <= everything
        file.write({1000: entry(5)}, [], {})
        file.close()
        assert entry(5) in reopen(directory).events
        kept.append(len(file.events) + len(file.wills))
    assert len(kept) > 75
    assert np.mean(kept) > 0.9 * len(everything)


GOOD = ("t/room/event", b'{"n":77}', "boot", 1.0, NOW)
UNUSABLE: dict[str, tuple[Any, ...]] = {
    "wildcard": ("t/#", *GOOD[1:]),
    "single-level wildcard": ("t/+/event", *GOOD[1:]),
    "empty topic": ("", *GOOD[1:]),
    "topic too long": ("t" * 65_536, *GOOD[1:]),
    "NUL": ("t\0x", *GOOD[1:]),
    "control character": ("t\x7f", *GOOD[1:]),
    "noncharacter": ("t\ufffe", *GOOD[1:]),
    "topic is bytes": (b"t", *GOOD[1:]),
    "payload is text": (GOOD[0], '{"n":77}', *GOOD[2:]),
    "payload is a number": (GOOD[0], 77, *GOOD[2:]),
    "not JSON": (GOOD[0], b"hello", *GOOD[2:]),
    "JSON array": (GOOD[0], b"[1]", *GOOD[2:]),
    "deeply nested": (GOOD[0], b'{"a":' * 50_000, *GOOD[2:]),
    "payload too large": (GOOD[0], b'{"a":"%s"}' % (b"x" * 200_000), *GOOD[2:]),
    "boot is bytes": (*GOOD[:2], b"boot", *GOOD[3:]),
    "since boot infinite": (*GOOD[:3], float("inf"), GOOD[4]),
    "since boot negative": (*GOOD[:3], -1.0, GOOD[4]),
    "wall too large": (*GOOD[:4], 1e300),
    "wall negative": (*GOOD[:4], -1e9),
    "wall is text": (*GOOD[:4], "now"),
}


@pytest.mark.parametrize("name", UNUSABLE)
@pytest.mark.parametrize("table", ["events", "wills"])
def test_skips_and_counts_rows_that_cannot_be_sent(
    table: str, name: str, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    insert_row(
        make(directory), *UNUSABLE[name], table=table, key=None if table == "events" else "x"
    )
    with Outbox(directory) as outbox:
        assert outbox.waiting == 33
        assert outbox.dropped == 1
    (line,) = warnings(caplog)
    assert "is damaged (1 row(s) that cannot be sent): moved to" in line
    with Outbox(directory) as outbox:
        assert outbox.waiting == 33
        assert outbox.dropped == 0


def test_invalid_rows_do_not_block_valid_events(
    directory: Path, broker: Mosquitto, watcher: Watcher, tmp_path: Path
) -> None:
    now = this_moment()
    file = OutboxFile(directory)
    file.close()
    for number, values in enumerate(UNUSABLE.values(), 1):
        insert_row(directory / NAME, *values)
        insert_row(directory / NAME, "t/room/event", b'{"n":%d}' % number, *now)
    daemon = start_daemon(tmp_path, directory, broker)
    try:
        watcher.wait_for("t/room/event", lambda m: m.json["n"] == len(UNUSABLE))
        assert [m.json["n"] for m in watcher.of("t/room/event")] == [*range(1, len(UNUSABLE) + 1)]
        watcher.wait_for(
            "timbrel/timbrel/diagnostics", lambda m: m.json["dropped"] == len(UNUSABLE)
        )
    finally:
        daemon.send_signal(signal.SIGTERM)
        _, log = daemon.communicate(timeout=20)
    assert log.count("rows that cannot be sent") + log.count("row(s) that cannot be sent") == 1


def start_daemon(folder: Path, directory: Path, broker: Mosquitto) -> "subprocess.Popen[str]":
    """Start `timbrel run` without a microphone."""
    config = folder / "timbrel.yaml"
    config.write_text(
        f"state: {{directory: {directory}}}\nmqtt: {{host: 127.0.0.1, port: {broker.port}}}\n"
    )
    return subprocess.Popen(
        [sys.executable, "-m", "daemon", "run", "--config", config],
        cwd=ROOT,
        env={"PULSE_SERVER": "unix:/nonexistent", "PATH": os.environ["PATH"], "HOME": str(folder)},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("name", [NAME, WAL, f"{NAME}-shm", f"{NAME}-journal", "lock"])
@pytest.mark.parametrize("kind", SPECIAL)
def test_moves_special_files_aside_without_reading_or_following_them(
    kind: str, name: str, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make(directory)
    path = directory / name
    path.unlink(missing_ok=True)
    elsewhere = directory / "elsewhere"
    elsewhere.write_text("precious")
    SPECIAL[kind](path)
    file = reopen(directory)
    assert len(file.events) == (0 if name == NAME else 30)
    assert elsewhere.read_text() == "precious"
    (line,) = warnings(caplog)
    assert line == f"{path} is {kind} instead of a file: moved to {name}.damaged"
    assert (directory / NAME).is_file()


def test_daemon_starts_with_special_files_and_damaged_state(
    directory: Path, broker: Mosquitto, watcher: Watcher, tmp_path: Path
) -> None:
    directory.mkdir()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    os.mkfifo(directory / NAME)
    (directory / "lock").symlink_to(victim)
    (directory / "practice-timbrel.json").write_text(
        '{"last":{"started":1e300,"seconds":1,"families":[]}}'
    )
    os.mkfifo(directory / "chosen-timbrel.json")
    daemon = start_daemon(tmp_path, directory, broker)
    try:
        watcher.wait_for("timbrel/timbrel/hearing")
        watcher.wait_for("timbrel/timbrel/mute")
    finally:
        daemon.send_signal(signal.SIGTERM)
        _, log = daemon.communicate(timeout=20)
    assert daemon.returncode == 0, log
    assert "Traceback" not in log
    assert log.count("moved to") == 4
    assert victim.read_text() == "precious"


def flip_bit(path: Path, place: int, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1 << bit
    path.write_bytes(content)


def frame_at(number: int) -> int:
    """Return the offset of a frame in the log."""
    return 32 + number * (24 + PAGE)


# Offsets within a frame.
IN_A_FRAME = {
    "page": 3,
    "end mark": 7,
    "salt": 9,
    "checksum": 17,
    "content": 24 + 2000,
    "last byte": 4119,
}


@pytest.mark.parametrize("place", IN_A_FRAME)
@pytest.mark.parametrize("number", [0, 4, 10])
def test_damage_in_log_does_not_lose_later_writes(
    number: int, place: str, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = make_killed(directory)
    flip_bit(log, frame_at(number) + IN_A_FRAME[place])
    file = reopen(directory)
    # Later writes hold the same pages again.
    assert numbers(file.events) == list(range(1, 13))
    assert numbers(file.wills) == [1012]
    (line,) = warnings(caplog)
    assert line.startswith(f"{log} is damaged: copied to {ASIDE}-wal; ")
    assert (directory / f"{ASIDE}-wal").exists()


def test_detects_damage_anywhere_in_log(directory: Path) -> None:
    log = make_killed(directory, 5)
    sound = log.read_bytes()
    assert repair_log(sound, PAGE) is None
    for place in range(0, len(sound), 331):
        content = bytearray(sound)
        content[place] ^= 0x10
        repaired = repair_log(bytes(content), PAGE)
        assert repaired is not None, place
        # The last write, of three pages, is kept or removed as a whole.
        assert repaired.damaged <= (2 if place < frame_at(16) else 3), place


@pytest.mark.parametrize("place", range(32))
def test_damaged_log_header_loses_nothing(
    place: int, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    flip_bit(make_killed(directory), place, 1)
    file = reopen(directory)
    assert numbers(file.events) == list(range(1, 13))
    assert len(warnings(caplog)) == 1


def test_erased_beginning_of_log_loses_first_page(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = make_killed(directory)
    log.write_bytes(bytes(45) + log.read_bytes()[45:])
    file = reopen(directory)
    assert numbers(file.events) == list(range(1, 13))
    assert "1 of 43 page(s) in it had to be left out" in caplog.text


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 60, 4_000])
def test_log_shorter_than_a_page_is_not_reported_as_damage(
    size: int, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = make_killed(directory)
    log.write_bytes(log.read_bytes()[:size])
    reopen(directory)
    log.write_bytes(bytes(size))
    reopen(directory)
    assert warnings(caplog) == []


def test_damaged_end_of_log_loses_last_write(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = make_killed(directory)
    content = bytearray(log.read_bytes())
    last = frame_at((len(content) - 32) // (24 + PAGE) - 3)
    content[last + 24 :: 500] = bytes(len(content[last + 24 :: 500]))
    log.write_bytes(content)
    file = reopen(directory)
    assert numbers(file.events) == list(range(1, 12))
    assert numbers(file.wills) == [1011]
    assert warnings(caplog)[0].startswith(f"{log} is damaged: ")


LAST_WRITE = range(7, 10)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An outbox of a killed daemon; its last write adds an event and deletes a will."""
    open_outbox = tmp_path_factory.mktemp("killed") / "open"
    file = OutboxFile(open_outbox)
    file.write({}, [], {f"id{number}": entry(1000 + number) for number in range(1, 5)})
    file.write({1: entry(1)}, [], {})
    file.write({2: entry(2)}, [], {"id4": None})
    directory = open_outbox.with_name("state")
    directory.mkdir()
    for name in (NAME, WAL):
        shutil.copy(open_outbox / name, directory)
    file.close()
    log = (directory / WAL).read_bytes()
    assert len(log) == frame_at(LAST_WRITE.stop)
    ends = [number for number in range(10) if any(log[frame_at(number) + 4 :][:4])]
    assert ends == [3, 5, 6, 9], "the tests expect other writes"
    return directory


Kept = tuple[list[int], list[int]]
BEFORE: Kept = ([1], [1001, 1002, 1003, 1004])
AFTER: Kept = ([1, 2], [1001, 1002, 1003])


def kept_in(killed: Path, content: bytes | bytearray, directory: Path) -> Kept:
    """Return the events and wills that are found with this log."""
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(killed, directory)
    (directory / WAL).write_bytes(content)
    file = reopen(directory)
    return numbers(file.events), numbers(file.wills)


@pytest.mark.parametrize("frame", LAST_WRITE)
@pytest.mark.parametrize("offset", [*range(0, 24, 4), *range(24, 24 + PAGE, 512), 3584, 4119])
def test_incomplete_last_write_is_ignored_as_a_whole(
    offset: int, frame: int, killed: Path, directory: Path
) -> None:
    content = bytearray((killed / WAL).read_bytes())
    content[frame_at(frame) + offset : frame_at(frame + 1)] = bytes(24 + PAGE - offset)
    whole = content == (killed / WAL).read_bytes()
    assert kept_in(killed, content, directory) == (AFTER if whole else BEFORE)


def bits_at(offset: int) -> range:
    """Return all bits in a frame's header, or one in its content."""
    return range(8 if offset < 24 else 1)


@pytest.mark.parametrize("frame", LAST_WRITE)
def test_keeps_all_frames_of_last_write_or_none(frame: int, killed: Path) -> None:
    sound = (killed / WAL).read_bytes()
    first, end = frame_at(frame), frame_at(frame + 1)
    for offset in [*range(24), *range(24, end - first, 37)]:
        at = first + offset
        for damaged in (
            sound[:at] + bytes(end - at) + sound[end:],
            sound[:first] + bytes(offset) + sound[at:],
            *(
                sound[:at] + bytes([sound[at] ^ 1 << bit]) + sound[at + 1 :]
                for bit in bits_at(offset)
            ),
        ):
            repaired = repair_log(damaged, PAGE)
            # None: for SQLite the log is undamaged, or its last write never ended.
            if repaired is not None:
                left = repaired.frames - repaired.damaged
                assert left in {LAST_WRITE.start, LAST_WRITE.stop}, (offset, repaired[1:])


@pytest.mark.parametrize("frame", range(1, LAST_WRITE.start))
def test_damage_before_last_write_removes_at_most_that_frame(frame: int, killed: Path) -> None:
    sound = (killed / WAL).read_bytes()
    first, end = frame_at(frame), frame_at(frame + 1)
    for offset in [*range(24), *range(24, end - first, 37)]:
        at = first + offset
        for bit in bits_at(offset):
            damaged = sound[:at] + bytes([sound[at] ^ 1 << bit]) + sound[at + 1 :]
            repaired = repair_log(damaged, PAGE)
            assert repaired is not None
            assert repaired.frames == LAST_WRITE.stop
            assert repaired.damaged <= 1, (offset, bit)
        if offset >= 24:
            repaired = repair_log(sound[:at] + bytes(end - at) + sound[end:], PAGE)
            assert repaired is None or repaired.damaged == 1, offset


def test_erased_end_of_previous_write_removes_only_last_write(directory: Path) -> None:
    log = make_killed(directory)
    content = bytearray(log.read_bytes())
    frames = (len(content) - 32) // (24 + PAGE)
    ends = [number for number in range(frames) if any(content[frame_at(number) + 4 :][:4])]
    wiped = ends[-2]
    content[frame_at(wiped) : frame_at(wiped + 1)] = bytes(24 + PAGE)
    repaired = repair_log(bytes(content), PAGE)
    assert repaired is not None
    assert repaired.damaged == 1 + ends[-1] - ends[-2]


def test_moves_log_without_database_aside(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_killed(directory)
    (directory / NAME).unlink()
    assert reopen(directory).events == []
    (line,) = warnings(caplog)
    assert f"is missing or empty; moved the log to {WAL}.damaged" in line


def test_repairs_damaged_outbox_once_full_disk_has_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "_RETRY_SECONDS", 0.2)
    with small_disk(tmp_path, "rw") as disk:
        path = make(disk / "state", 100)
        insert_row(path, *UNUSABLE["wildcard"])
        before = path.read_bytes()
        ballast = disk / "ballast"
        with pytest.raises(OSError, match="No space"):
            ballast.write_bytes(bytes(400_000))
        with Outbox(disk / "state") as outbox:
            assert outbox.waiting == 0
            assert path.read_bytes() == before
            ballast.unlink()
            wait_until(lambda: outbox.on_disk)
            assert outbox.waiting == 103
        assert len(reopen(disk / "state").events) == 103


def test_interrupted_repair_loses_nothing(directory: Path) -> None:
    path = make(directory)
    path.rename(path.with_name(f"{NAME}.new"))
    assert numbers(reopen(directory).events) == list(range(1, 31))


def test_undamaged_log_is_never_repaired(directory: Path) -> None:
    """Cover checkpoints, which leave older frames after the newest, and incomplete writes."""
    file = OutboxFile(directory)
    seen = set()
    for number in range(1, 150):
        file.write({number: entry(number)}, [number - 20], {"id": entry(number)})
        content = (directory / WAL).read_bytes()
        seen.add(content[16:24])
        assert repair_log(content, PAGE) is None
        assert repair_log(content[: -PAGE // 2], PAGE) is None
        assert repair_log(content[:-PAGE], PAGE) is None
    file.close()
    assert len(seen) >= 3


def test_killed_writer_leaves_undamaged_log(directory: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from tests.daemon.mqtt.outbox.test_damage import OutboxFile, entry\n"
        "file, number = OutboxFile(Path(sys.argv[1])), 0\n"
        "while True:\n"
        "    number += 1\n"
        "    file.write({number: entry(number)}, [number - 30], {'id': entry(number)})\n"
        "    print(number, flush=True)\n"
    )
    for wait in range(3):
        shutil.rmtree(directory, ignore_errors=True)
        writer = subprocess.Popen(
            [sys.executable, "-c", program, directory],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
        )
        assert writer.stdout is not None
        for _ in range(20 + 47 * wait):
            writer.stdout.readline()
        writer.kill()
        lines = writer.communicate()[0].split()
        assert repair_log((directory / WAL).read_bytes(), PAGE) is None
        written = numbers(reopen(directory).events)
        assert not lines or written[-1] >= int(lines[-1])


def test_makes_existing_files_private(directory: Path) -> None:
    make_killed(directory)
    for file in directory.iterdir():
        file.chmod(0o644)
    outbox = OutboxFile(directory)
    modes = {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}
    outbox.close()
    assert set(modes.values()) == {0o600}, modes
    assert WAL in modes


def test_warns_once_of_directory_that_others_can_change(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o777)
    for _ in range(2):
        reopen(tmp_path / "state")
    (line,) = warnings(caplog)
    assert "other users can change the files in it (its mode is 0777)" in line


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change the owner of a directory")
def test_files_created_by_root_belong_to_owner_of_directory(directory: Path) -> None:
    directory.mkdir(mode=0o700)
    os.chown(directory, 12_345, 12_345)
    reopen(directory)
    owners = {path.name: path.stat().st_uid for path in directory.iterdir()}
    assert owners == {NAME: 12_345, "lock": 12_345}
