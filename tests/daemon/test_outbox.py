"""The outbox: in order, bounded, through restarts, crashes, and disks that fail."""

import logging
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon import outbox as outbox_module
from daemon import outbox_file
from daemon.errors import InputError
from daemon.home_assistant import Message
from daemon.moment import Moment
from daemon.outbox import Outbox
from daemon.outbox_file import NAME, OutboxFile
from daemon.settings import OutboxSettings
from tests.conftest import Timbrel

HOUR = 3600.0


class Clock:
    """Two clocks that a test moves."""

    def __init__(self) -> None:
        self.boot, self.since_boot, self.wall = "first", 1000.0, 1.7e9

    def __call__(self) -> Moment:
        return Moment(self.boot, self.since_boot, self.wall)

    def pass_by(self, seconds: float) -> None:
        self.since_boot += seconds
        self.wall += seconds


def event(number: int, size: int = 0) -> Message:
    return Message("t/node/event", b"%d%s" % (number, b" " * size), qos=1)


def put(outbox: Outbox, *numbers: int, size: int = 0) -> None:
    for number in numbers:
        outbox.put(event(number, size), f"id{number}")


def until(true: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def written(outbox: Outbox) -> None:
    """Wait until the disk knows everything."""
    until(lambda: not (outbox._unwritten or outbox._gone or outbox._new_wills))


def take(outbox: Outbox, most: int = 100) -> list[int]:
    return [int(taken.message.payload) for taken in outbox.take(most)]


def left_behind(directory: Path) -> list[str]:
    """What a crash at this moment would leave, as the next start finds it."""
    copy = directory.with_name(f"{directory.name}-copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(directory, copy)
    with Outbox(copy) as found:
        return [taken.message.payload.decode().strip() for taken in found.take(10_000)]


def changed(path: Path, script: str) -> None:
    database = sqlite3.connect(path)
    database.executescript(script)
    database.close()


@contextmanager
def failing(*methods: str) -> Iterator[None]:
    """A disk on which some of the file's methods fail."""

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        for method in methods:
            patch.setattr(OutboxFile, method, fail)
        yield


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


@pytest.fixture(params=["memory", "disk"])
def outbox(request: pytest.FixtureRequest, directory: Path) -> Iterator[Outbox]:
    with Outbox(directory if request.param == "disk" else None) as outbox:
        yield outbox


def test_events_come_in_order_until_they_are_acknowledged(outbox: Outbox) -> None:
    put(outbox, *range(5))
    until(lambda: not outbox._unwritten)
    first = outbox.take(2)
    assert [t.message for t in first] == [event(0), event(1)]
    assert take(outbox) == [2, 3, 4]
    assert take(outbox) == []
    outbox.acknowledge(first[0].number)
    outbox.take_back()
    assert take(outbox) == [1, 2, 3, 4]
    assert outbox.waiting == 4


def test_whoever_waits_is_told(outbox: Outbox) -> None:
    ready = threading.Event()
    outbox.when_ready(ready.set)
    put(outbox, 1)
    assert ready.wait(10)
    until(lambda: take(outbox) == [1])
    assert outbox.wait_empty(0.05) == 1
    threading.Timer(0.1, outbox.acknowledge, [1]).start()
    assert outbox.wait_empty(10) == 0


def test_an_event_is_on_disk_before_it_is_handed_out_and_nobody_waits_for_that(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write = threading.Event()
    write = OutboxFile.write

    def slowly(*arguments: Any) -> None:
        may_write.wait(20)
        write(*arguments)

    monkeypatch.setattr(OutboxFile, "write", slowly)
    with Outbox(directory) as outbox:
        began = time.monotonic()
        put(outbox, *range(100))
        assert take(outbox) == []
        assert time.monotonic() - began < 0.5
        assert left_behind(directory) == []
        may_write.set()
        until(lambda: outbox.take(1))
        assert left_behind(directory)[0] == "0"


def test_a_disk_that_hangs_keeps_no_event_from_being_sent(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write = threading.Event()
    monkeypatch.setattr(OutboxFile, "write", lambda *_: may_write.wait(20))
    clock = Clock()
    with Outbox(directory, clock=clock) as outbox:
        put(outbox, 1, 2)
        clock.pass_by(9.0)
        assert take(outbox) == []
        clock.pass_by(2.0)
        assert take(outbox) == [1, 2]
        may_write.set()


def test_what_is_not_acknowledged_comes_again_after_a_restart(directory: Path) -> None:
    with Outbox(directory) as outbox:
        put(outbox, *range(5))
        until(lambda: not outbox._unwritten)
        for taken in outbox.take(2):
            outbox.acknowledge(taken.number)
    with Outbox(directory) as outbox:
        assert outbox.waiting == 3
        put(outbox, 5)
        until(lambda: not outbox._unwritten)
        assert [(t.message, t.late) for t in outbox.take(9)] == [
            (event(number), False) for number in range(2, 6)
        ]


def test_the_wills_of_open_events_are_put_after_a_crash(directory: Path) -> None:
    with Outbox(directory) as outbox:
        outbox.put(event(1), "a", will=event(100))
        outbox.put(event(2), "b", will=event(200))
        outbox.put(event(3), "c", will=event(300))
        outbox.put(event(4), "b")
        outbox.renew({"a": event(101), "b": event(201)})
        written(outbox)
        assert left_behind(directory) == ["1", "2", "3", "4", "300", "101"]
        for number in ("a", "c"):
            outbox.put(event(9), number)
    assert left_behind(directory) == ["1", "2", "3", "4", "9", "9"]


def test_a_will_is_put_once(directory: Path) -> None:
    with Outbox(directory) as outbox:
        outbox.put(event(1), "a", will=event(100))
    for _ in range(2):
        with Outbox(directory) as outbox:
            assert take(outbox) == [1, 100]


def test_the_disk_is_written_in_batches_and_at_rest_not_at_all(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: list[tuple[int, int]] = []
    write = OutboxFile.write

    def counted(self: OutboxFile, events: Any, gone: Any, wills: Any) -> None:
        writes.append((len(events), len(gone)))
        write(self, events, gone, wills)

    monkeypatch.setattr(OutboxFile, "write", counted)
    with Outbox(directory) as outbox:
        for number in range(50):
            put(outbox, number)
            until(lambda: outbox.take(1))
        for number in range(1, 51):
            outbox.acknowledge(number)
        assert len(writes) <= 50
        time.sleep(1.5)
        assert writes[-1] == (0, 50)
        count = len(writes)
        time.sleep(1.5)
        assert len(writes) == count
        assert left_behind(directory) == []


def test_nothing_is_ever_readable_for_others(directory: Path) -> None:
    with Outbox(directory) as outbox:
        put(outbox, 1)
        written(outbox)
        files = {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}
    assert {NAME, f"{NAME}-wal", "lock"} <= files.keys()
    assert set(files.values()) == {0o600}
    assert directory.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("on_disk", [False, True])
def test_the_oldest_go_when_there_are_too_many(
    on_disk: bool,  # noqa: FBT001
    directory: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Outbox(directory if on_disk else None, OutboxSettings(max_events=3)) as outbox:
        put(outbox, *range(6))
        assert outbox.dropped == 3
        until(lambda: not outbox._unwritten)
        assert take(outbox, 2) == [3, 4]
        put(outbox, 6)
        # What is on its way to the broker is not dropped.
        assert outbox.dropped == 4
        until(lambda: not outbox._unwritten)
        outbox.take_back()
        assert take(outbox) == [3, 4, 6]
    assert caplog.text.count("the oldest events are lost") == 1
    if on_disk:
        assert left_behind(directory) == ["3", "4", "6"]


def test_the_oldest_go_when_they_take_too_many_bytes(directory: Path) -> None:
    with Outbox(directory, OutboxSettings(max_megabytes=1)) as outbox:
        put(outbox, *range(300), size=9_900)
        assert 95 <= outbox.waiting <= 100
        assert outbox.waiting + outbox.dropped == 300
        until(lambda: not outbox._unwritten)
        assert take(outbox, 1) == [outbox.dropped]
        size = sum(path.stat().st_size for path in directory.iterdir())
    assert size < 4_000_000


def test_what_is_too_old_goes_by_the_right_clock(directory: Path) -> None:
    clock = Clock()
    with Outbox(directory, OutboxSettings(max_days=2), clock) as outbox:
        put(outbox, 1)
        clock.pass_by(24 * HOUR)
        put(outbox, 2)
        clock.wall += 1000 * HOUR
        until(lambda: not outbox._unwritten)
        assert take(outbox) == [1, 2]
        outbox.take_back()
        clock.since_boot += 25 * HOUR
        assert take(outbox) == [2]
        assert outbox.dropped == 1
    clock.boot, clock.since_boot = "second", 5.0
    with Outbox(directory, OutboxSettings(max_days=2), clock) as outbox:
        assert take(outbox) == []


@pytest.mark.parametrize("jump_seconds", [HOUR, -HOUR])
def test_a_jump_of_the_wall_clock_makes_nothing_late(jump_seconds: float, directory: Path) -> None:
    clock = Clock()
    with Outbox(directory, clock=clock) as outbox:
        put(outbox, 1)
        clock.wall += jump_seconds
        clock.pass_by(30.0)
        put(outbox, 2)
        until(lambda: not outbox._unwritten)
        assert [taken.late for taken in outbox.take(9)] == [False, False]
        clock.pass_by(31.0)
        outbox.take_back()
        assert [taken.late for taken in outbox.take(9)] == [True, False]
    with Outbox(directory, clock=clock) as outbox:
        clock.wall -= jump_seconds
        assert [taken.late for taken in outbox.take(9)] == [True, False]


def test_after_a_reboot_nothing_is_fresh_whatever_the_clock_says(directory: Path) -> None:
    clock = Clock()
    with Outbox(directory, clock=clock) as outbox:
        put(outbox, 1)
    clock.boot, clock.since_boot = "second", 3.0
    with Outbox(directory, clock=clock) as outbox:
        put(outbox, 2)
        until(lambda: not outbox._unwritten)
        assert [taken.late for taken in outbox.take(9)] == [True, False]


def test_two_daemons_do_not_share_a_directory(directory: Path) -> None:
    with Outbox(directory), pytest.raises(InputError, match="another timbrel"), Outbox(directory):
        pass
    with Outbox(directory) as outbox:
        assert outbox.on_disk


def test_the_second_daemon_says_so_and_exits_with_2(tmp_path: Path, timbrel: Timbrel) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text(f"state: {{directory: {tmp_path / 'mine'}}}\nmqtt: {{port: 1}}\n")
    with Outbox(tmp_path / "mine"):
        done = timbrel("run", "--config", config)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"timbrel: state.directory: {tmp_path / 'mine'}: another timbrel (pro")


def test_a_newer_schema_is_refused_and_left_alone(directory: Path, timbrel: Timbrel) -> None:
    with Outbox(directory) as outbox:
        put(outbox, 1)
    changed(directory / NAME, "PRAGMA user_version = 7")
    before = (directory / NAME).read_bytes()
    done = timbrel("run", env={"STATE_DIRECTORY": str(directory)})
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert f"{directory / NAME}: made by a newer Timbrel (schema 7, this one knows 1)" in line
    assert "install that one again" in line
    assert (directory / NAME).read_bytes() == before


def test_an_older_schema_is_led_forward(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Outbox(directory) as outbox:
        put(outbox, 1, 2)
    step = "CREATE TABLE later (thing TEXT); INSERT INTO later VALUES ('made');"
    monkeypatch.setattr(outbox_file, "_MIGRATIONS", (*outbox_file._MIGRATIONS, step))
    for _ in range(2):
        with Outbox(directory) as outbox:
            assert take(outbox) == [1, 2]
    with closing(sqlite3.connect(directory / NAME)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (2,)
        assert database.execute("SELECT * FROM later").fetchall() == [("made",)]


def test_a_migration_that_fails_changes_nothing(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Outbox(directory) as outbox:
        put(outbox, 1)
    step = "DROP TABLE wills; INSERT INTO nowhere VALUES (1);"
    with monkeypatch.context() as patch:
        patch.setattr(outbox_file, "_MIGRATIONS", (*outbox_file._MIGRATIONS, step))
        patch.setattr(outbox_file, "_DAMAGED", set())
        with Outbox(directory) as outbox:
            assert not outbox.on_disk
    with Outbox(directory) as outbox:
        assert take(outbox) == [1]


@pytest.mark.parametrize(
    "damage", ["junk", "cut", "foreign", "zeros in the middle", "a directory's worth of nothing"]
)
def test_a_damaged_file_is_moved_aside_and_begun_anew(
    damage: str, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = directory / NAME
    with Outbox(directory) as outbox:
        put(outbox, *range(200), size=500)
    sound = path.read_bytes()
    if damage == "junk":
        path.write_bytes(b"this was a database once. " * 1000)
    elif damage == "cut":
        path.write_bytes(sound[: len(sound) // 2 + 100])
    elif damage == "foreign":
        path.unlink()
        changed(path, "CREATE TABLE events (number INTEGER); PRAGMA user_version = 1")
    elif damage == "zeros in the middle":
        path.write_bytes(sound[:20_000] + bytes(40_000) + sound[60_000:])
    else:
        path.write_bytes(bytes(len(sound)))
    caplog.clear()
    with Outbox(directory) as outbox:
        put(outbox, 1000)
        until(lambda: not outbox._unwritten)
        assert take(outbox) == [1000]
        assert outbox.on_disk
    assert [r.levelname for r in caplog.records] == ["ERROR"]
    assert f"moved to {NAME}.damaged" in caplog.text
    assert (directory / f"{NAME}.damaged").exists()
    assert left_behind(directory) == ["1000"]


@given(st.data())
@settings(max_examples=60)
def test_flipped_bits_never_stop_it_and_never_make_an_event_up(data: st.DataObject) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "state"
        with Outbox(directory) as outbox:
            put(outbox, *range(30), size=300)
        content = bytearray((directory / NAME).read_bytes())
        for _ in range(data.draw(st.integers(1, 8))):
            place = data.draw(st.integers(100, len(content) - 1))
            content[place] ^= 1 << data.draw(st.integers(0, 7))
        (directory / NAME).write_bytes(content)
        with Outbox(directory) as outbox:
            found = [taken.message for taken in outbox.take(1000)]
            assert set(found) <= {event(number, 300) for number in range(30)}
            put(outbox, 1000)
            until(lambda: take(outbox) == [1000])


@pytest.mark.parametrize("method", ["write", "replace", "_connect"])
def test_while_the_disk_fails_memory_keeps_the_events(
    method: str,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(outbox_module, "_RETRY_SECONDS", 0.2)
    with Outbox(directory) as before:
        before.put(event(0), "id0", will=event(50))
    with ExitStack() as stack:
        with failing(method, "_connect") if method != "write" else failing("write"):
            outbox = stack.enter_context(Outbox(directory))
            outbox.put(event(1), "id1", will=event(100))
            until(lambda: not outbox.on_disk)
            outbox.put(event(2), "id2")
            until(lambda: 2 in take(outbox))
            time.sleep(0.5)
            warnings = [r for r in caplog.records if r.levelname == "WARNING"]
            assert len(warnings) == 1
            assert "No space left on device; until it can be written" in warnings[0].message
        until(lambda: outbox.on_disk)
        outbox.put(event(3), "id3")
        written(outbox)
        assert "events are on disk again" in caplog.text
        assert left_behind(directory) == ["0", "50", "1", "2", "3", "100"]


def test_a_directory_that_cannot_be_is_no_reason_not_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outbox_module, "_RETRY_SECONDS", 0.1)
    (tmp_path / "file").write_text("in the way")
    with Outbox(tmp_path / "file" / "state") as outbox:
        put(outbox, 1)
        assert take(outbox) == [1]
        assert "Not a directory" in caplog.text
        (tmp_path / "file").unlink()
        until(lambda: outbox.on_disk)
        written(outbox)
        assert left_behind(tmp_path / "file" / "state") == ["1"]


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    """A file system of its own, of 300 kB."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size=300k,{options}", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_on_a_read_only_disk_it_starts_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outbox_module, "_RETRY_SECONDS", 0.2)
    with small_disk(tmp_path, "ro") as disk, Outbox(disk / "state") as outbox:
        put(outbox, 1)
        assert take(outbox) == [1]
        assert "Read-only file system; until it can be written" in caplog.text
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        until(lambda: outbox.on_disk)
        written(outbox)
        shutil.copytree(disk / "state", tmp_path / "copied")
        assert left_behind(tmp_path / "copied") == ["1"]


def test_on_a_full_disk_it_goes_on_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "_RETRY_SECONDS", 0.2)
    with small_disk(tmp_path, "rw") as disk, Outbox(disk / "state") as outbox:
        put(outbox, *range(10))
        written(outbox)
        ballast = disk / "ballast"
        with pytest.raises(OSError, match="No space"):
            ballast.write_bytes(bytes(400_000))
        put(outbox, *range(10, 400), size=500)
        until(lambda: not outbox.on_disk)
        assert take(outbox, 1000) == list(range(400))
        for number in range(1, 391):
            outbox.acknowledge(number)
        ballast.unlink()
        until(lambda: outbox.on_disk)
        written(outbox)
        shutil.copytree(disk / "state", tmp_path / "copied")
        assert left_behind(tmp_path / "copied") == [str(n) for n in range(390, 400)]


Step = tuple[str, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "take", "acknowledge", "take back", "crash", "leave"]),
        st.integers(1, 6),
    ),
    max_size=40,
)


@given(steps=STEPS, most=st.integers(1, 12))
@settings(max_examples=40)
def test_whatever_happens_the_order_stays_and_only_the_oldest_are_missing(
    steps: list[Step], most: int
) -> None:
    """Against a model: numbers that were put, less those that were acknowledged or too many."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        directory, bounds = Path(folder) / "0", OutboxSettings(max_events=most)
        outbox = Outbox(directory, bounds)
        outbox.__enter__()
        next_number, expected = 0, list[int]()
        taken: dict[int, int] = {}
        for crashes, (step, count) in enumerate(steps):
            if step == "put":
                for _ in range(count):
                    put(outbox, next_number)
                    expected.append(next_number)
                    next_number += 1
                    free = [n for n in expected if n not in taken.values()]
                    if len(expected) > most:
                        expected.remove(free[0])
                written(outbox)
            elif step == "take":
                found = outbox.take(count)
                untaken = [n for n in expected if n not in taken.values()]
                assert [int(t.message.payload) for t in found] == untaken[:count]
                taken |= {t.number: int(t.message.payload) for t in found}
            elif step == "acknowledge":
                for number in list(taken)[:count]:
                    outbox.acknowledge(number)
                    expected.remove(taken.pop(number))
            elif step == "take back":
                outbox.take_back()
                taken.clear()
            else:
                written(outbox)
                if step == "leave":
                    outbox.__exit__(None, None, None)
                    after = directory
                else:
                    after = directory.with_name(str(crashes + 1))
                    shutil.copytree(directory, after)
                    outbox.__exit__(None, None, None)
                outbox, directory = Outbox(after, bounds), after
                outbox.__enter__()
                taken.clear()
            assert outbox.waiting == len(expected) <= max(most, len(taken))
        outbox.take_back()
        assert take(outbox) == expected
        outbox.__exit__(None, None, None)
