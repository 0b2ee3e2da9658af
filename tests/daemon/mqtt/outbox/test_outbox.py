"""The outbox keeps events in order and within bounds, through restarts, crashes and full disks."""

import json
import logging
import random
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

from daemon.configuration.settings import OutboxSettings
from daemon.errors import InputError
from daemon.hub.messages import Message
from daemon.mqtt.outbox import database as outbox_database
from daemon.mqtt.outbox import outbox as outbox_module
from daemon.mqtt.outbox.database import NAME, OutboxFile
from daemon.mqtt.outbox.moment import Moment
from daemon.mqtt.outbox.outbox import Outbox
from daemon.system.files import database as state_database
from tests.conftest import Timbrel

HOUR = 3600.0


class Clock:
    """The clocks of a `Moment`, set by the test."""

    def __init__(self) -> None:
        self.boot, self.since_boot, self.wall = "first", 1000.0, 1.7e9

    def __call__(self) -> Moment:
        return Moment(self.boot, self.since_boot, self.wall)

    def advance(self, seconds: float) -> None:
        self.since_boot += seconds
        self.wall += seconds


def event(number: int, size: int = 0) -> Message:
    return Message("t/node/event", b'{"n":%d}%s' % (number, b" " * size), qos=1)


def number_of(message: Message) -> int:
    return int(json.loads(message.payload)["n"])


def put(outbox: Outbox, *numbers: int, size: int = 0) -> None:
    for number in numbers:
        outbox.put(event(number, size), f"id{number}")


def wait_until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def wait_written(outbox: Outbox) -> None:
    """Wait until all changes are on disk."""
    wait_until(lambda: not (outbox._unwritten or outbox._gone or outbox._new_wills))


def take(outbox: Outbox, most: int = 100) -> list[int]:
    return [number_of(taken.message) for taken in outbox.take(most)]


def found_after_crash(directory: Path) -> list[str]:
    """Return the events that the next start would find after a crash now."""
    copy = directory.with_name(f"{directory.name}-copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(directory, copy)
    with Outbox(copy) as found:
        return [str(number_of(taken.message)) for taken in found.take(10_000)]


def run_sql(path: Path, script: str) -> None:
    database = sqlite3.connect(path)
    database.executescript(script)
    database.close()


@contextmanager
def failing_disk(*methods: str) -> Iterator[None]:
    """Make some methods of `OutboxFile` fail as on a full disk."""

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


def test_returns_events_in_order_until_acknowledged(outbox: Outbox) -> None:
    put(outbox, *range(5))
    wait_until(lambda: not outbox._unwritten)
    first = outbox.take(2)
    assert [t.message for t in first] == [event(0), event(1)]
    assert take(outbox) == [2, 3, 4]
    assert take(outbox) == []
    outbox.acknowledge(first[0].number)
    outbox.requeue_unacknowledged()
    assert take(outbox) == [1, 2, 3, 4]
    assert outbox.waiting == 4


def test_notifies_when_events_are_ready_and_when_empty(outbox: Outbox) -> None:
    ready = threading.Event()
    outbox.on_ready(ready.set)
    put(outbox, 1)
    assert ready.wait(10)
    wait_until(lambda: take(outbox) == [1])
    assert outbox.wait_empty(0.05) == 1
    threading.Timer(0.1, outbox.acknowledge, [1]).start()
    assert outbox.wait_empty(10) == 0


def test_event_is_on_disk_before_it_can_be_taken_without_blocking(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write = threading.Event()
    write = OutboxFile.write

    def write_slowly(*arguments: Any) -> None:
        may_write.wait(20)
        write(*arguments)

    monkeypatch.setattr(OutboxFile, "write", write_slowly)
    with Outbox(directory) as outbox:
        began = time.monotonic()
        put(outbox, *range(100))
        assert take(outbox) == []
        assert time.monotonic() - began < 10.0
        assert found_after_crash(directory) == []
        may_write.set()
        wait_until(lambda: outbox.take(1))
        assert found_after_crash(directory)[0] == "0"


def test_sends_events_although_disk_hangs(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    may_write = threading.Event()
    monkeypatch.setattr(OutboxFile, "write", lambda *_: may_write.wait(20))
    clock = Clock()
    with Outbox(directory, clock=clock) as outbox:
        put(outbox, 1, 2)
        clock.advance(9.0)
        assert take(outbox) == []
        clock.advance(2.0)
        assert take(outbox) == [1, 2]
        may_write.set()


def test_unacknowledged_events_survive_restart(directory: Path) -> None:
    with Outbox(directory) as outbox:
        put(outbox, *range(5))
        wait_until(lambda: not outbox._unwritten)
        for taken in outbox.take(2):
            outbox.acknowledge(taken.number)
    with Outbox(directory) as outbox:
        assert outbox.waiting == 3
        put(outbox, 5)
        wait_until(lambda: not outbox._unwritten)
        assert [(t.message, t.late) for t in outbox.take(9)] == [
            (event(number), False) for number in range(2, 6)
        ]


def test_adds_wills_of_open_events_after_crash(directory: Path) -> None:
    with Outbox(directory) as outbox:
        outbox.put(event(1), "a", will=event(100))
        outbox.put(event(2), "b", will=event(200))
        outbox.put(event(3), "c", will=event(300))
        outbox.put(event(4), "b")
        outbox.renew({"a": event(101), "b": event(201)})
        wait_written(outbox)
        assert found_after_crash(directory) == ["1", "2", "3", "4", "300", "101"]
        for number in ("a", "c"):
            outbox.put(event(9), number)
    assert found_after_crash(directory) == ["1", "2", "3", "4", "9", "9"]


def test_adds_will_once(directory: Path) -> None:
    with Outbox(directory) as outbox:
        outbox.put(event(1), "a", will=event(100))
    for _ in range(2):
        with Outbox(directory) as outbox:
            assert take(outbox) == [1, 100]


def test_writes_in_batches_and_not_while_idle(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: list[tuple[int, int]] = []
    write = OutboxFile.write

    def counting_write(self: OutboxFile, events: Any, removed: Any, wills: Any) -> None:
        writes.append((len(events), len(removed)))
        write(self, events, removed, wills)

    monkeypatch.setattr(OutboxFile, "write", counting_write)
    with Outbox(directory) as outbox:
        for number in range(50):
            put(outbox, number)
            wait_until(lambda: outbox.take(1))
        for number in range(1, 51):
            outbox.acknowledge(number)
        assert len(writes) <= 50
        time.sleep(1.5)
        assert writes[-1] == (0, 50)
        count = len(writes)
        time.sleep(1.5)
        assert len(writes) == count
        assert found_after_crash(directory) == []


def test_files_are_private(directory: Path) -> None:
    with Outbox(directory) as outbox:
        put(outbox, 1)
        wait_written(outbox)
        files = {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}
    assert {NAME, f"{NAME}-wal", "lock"} <= files.keys()
    assert set(files.values()) == {0o600}
    assert directory.stat().st_mode & 0o777 == 0o700


def test_refused_event_is_not_overtaken() -> None:
    clock = Clock()
    outbox = Outbox(clock=clock)
    put(outbox, *range(5))
    first, second = outbox.take(2)
    outbox.refuse(first.number)
    outbox.acknowledge(second.number)
    assert take(outbox) == []
    assert outbox.pause_seconds == 0.5
    clock.advance(0.6)
    assert outbox.pause_seconds == 0.0
    (probe,) = outbox.take(9)
    assert probe.message == event(0)
    assert take(outbox) == [], "others overtake the refused event"
    outbox.acknowledge(probe.number)
    assert take(outbox) == [2]
    assert (outbox.waiting, outbox.dropped) == (3, 0)


def test_returns_several_events_again_once_queue_was_empty() -> None:
    clock = Clock()
    outbox = Outbox(clock=clock)
    put(outbox, 1)
    (refused,) = outbox.take(9)
    outbox.refuse(refused.number)
    clock.advance(1.0)
    outbox.acknowledge(outbox.take(9)[0].number)
    assert take(outbox) == []
    put(outbox, 2, 3, 4)
    assert take(outbox) == [2, 3, 4]


def test_pause_doubles_to_a_minute_and_resets_after_success() -> None:
    clock = Clock()
    outbox = Outbox(clock=clock)
    put(outbox, 1, 2)
    pauses = []
    for _ in range(10):
        (taken,) = outbox.take(1)
        outbox.refuse(taken.number)
        pauses.append(outbox.pause_seconds)
        clock.advance(pauses[-1])
    assert pauses == [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60]
    outbox.acknowledge(outbox.take(1)[0].number)
    outbox.refuse(outbox.take(1)[0].number)
    assert outbox.pause_seconds == 0.5


def test_events_refused_together_cause_one_pause() -> None:
    clock = Clock()
    outbox = Outbox(clock=clock)
    put(outbox, *range(20))
    for taken in outbox.take(20):
        outbox.refuse(taken.number)
    assert outbox.pause_seconds == 0.5
    clock.advance(0.5)
    assert take(outbox) == [0]


def test_accepting_earlier_events_does_not_shorten_pause() -> None:
    clock = Clock()
    outbox = Outbox(clock=clock)
    put(outbox, *range(3))
    first, second, third = outbox.take(3)
    outbox.refuse(first.number)
    clock.advance(0.5)
    assert take(outbox) == [], "earlier events are not acknowledged yet"
    outbox.acknowledge(second.number)
    outbox.acknowledge(third.number)
    outbox.refuse(outbox.take(3)[0].number)
    assert outbox.pause_seconds == 1.0


def test_requeueing_ends_pause_and_returns_one_event_at_a_time() -> None:
    outbox = Outbox(clock=Clock())
    put(outbox, *range(3))
    outbox.refuse(outbox.take(3)[0].number)
    outbox.requeue_unacknowledged()
    assert take(outbox) == [0]


def test_pause_ends_when_refused_event_is_dropped() -> None:
    outbox = Outbox(bounds=OutboxSettings(max_events=3), clock=Clock())
    put(outbox, 1)
    outbox.refuse(outbox.take(1)[0].number)
    put(outbox, 2, 3)
    assert take(outbox) == []
    put(outbox, 4)
    assert take(outbox) == [2]
    assert outbox.dropped == 1


@pytest.mark.parametrize("on_disk", [False, True])
def test_discarded_event_counts_as_dropped(
    on_disk: bool,  # noqa: FBT001
    directory: Path,
) -> None:
    with Outbox(directory if on_disk else None) as outbox:
        put(outbox, 1, 2)
        wait_until(lambda: not outbox._unwritten)
        first, second = outbox.take(9)
        outbox.discard(first.number)
        outbox.discard(first.number)
        outbox.acknowledge(second.number)
        assert (outbox.waiting, outbox.dropped) == (0, 1)
    if on_disk:
        assert found_after_crash(directory) == []


@given(
    answers=st.lists(st.sampled_from(["accept", "refuse", "discard", "keep"]), max_size=60),
    most=st.integers(1, 5),
    seed=st.integers(0, 9),
)
def test_refusals_lose_no_event_and_keep_order(answers: list[str], most: int, seed: int) -> None:
    rng, clock = random.Random(seed), Clock()  # noqa: S311
    outbox = Outbox(clock=clock)
    put(outbox, *range(12))
    sent: dict[int, int] = {}
    done: list[int] = []
    refused_once = False
    for answer in answers:
        taken = outbox.take(most - len(sent)) if len(sent) < most else []
        waiting = [n for n in range(12) if n not in sent.values() and n not in done]
        numbers = [number_of(t.message) for t in taken]
        assert numbers == waiting[: len(numbers)], "not the oldest"
        if refused_once:
            assert not taken or len(sent) + len(taken) == 1
        sent |= {t.number: number_of(t.message) for t in taken}
        if not sent or answer == "keep":
            clock.advance(10.0)
            continue
        number = rng.choice(list(sent))
        payload = sent.pop(number)
        if answer == "refuse":
            refused_once = True
            outbox.refuse(number)
            assert outbox.take(9) == [], "sent during the pause"
        else:
            (outbox.acknowledge if answer == "accept" else outbox.discard)(number)
            done.append(payload)
        refused_once &= bool(outbox.waiting)
        clock.advance(rng.choice([0.0, 1.0, 100.0]))
    assert outbox.waiting == 12 - len(done)
    outbox.requeue_unacknowledged()
    clock.advance(100.0)
    left = []
    while taken := outbox.take(1):
        left.append(number_of(taken[0].message))
        outbox.acknowledge(taken[0].number)
    assert left == sorted(set(range(12)) - set(done))


@pytest.mark.parametrize("on_disk", [False, True])
def test_drops_oldest_events_when_there_are_too_many(
    on_disk: bool,  # noqa: FBT001
    directory: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Outbox(directory if on_disk else None, OutboxSettings(max_events=3)) as outbox:
        put(outbox, *range(6))
        assert outbox.dropped == 3
        wait_until(lambda: not outbox._unwritten)
        assert take(outbox, 2) == [3, 4]
        put(outbox, 6)
        # Events in flight are not dropped.
        assert outbox.dropped == 4
        wait_until(lambda: not outbox._unwritten)
        outbox.requeue_unacknowledged()
        assert take(outbox) == [3, 4, 6]
    assert caplog.text.count("dropping the oldest events") == 1
    if on_disk:
        assert found_after_crash(directory) == ["3", "4", "6"]


def test_drops_oldest_events_when_they_are_too_large(directory: Path) -> None:
    with Outbox(directory, OutboxSettings(max_megabytes=1)) as outbox:
        put(outbox, *range(300), size=9_900)
        assert 95 <= outbox.waiting <= 100
        assert outbox.waiting + outbox.dropped == 300
        wait_until(lambda: not outbox._unwritten)
        assert take(outbox, 1) == [outbox.dropped]
        size = sum(path.stat().st_size for path in directory.iterdir())
    assert size < 4_000_000


def test_drops_old_events_by_time_since_boot_or_wall_clock(directory: Path) -> None:
    clock = Clock()
    with Outbox(directory, OutboxSettings(max_days=2), clock) as outbox:
        put(outbox, 1)
        clock.advance(24 * HOUR)
        put(outbox, 2)
        clock.wall += 1000 * HOUR
        wait_until(lambda: not outbox._unwritten)
        assert take(outbox) == [1, 2]
        outbox.requeue_unacknowledged()
        clock.since_boot += 25 * HOUR
        assert take(outbox) == [2]
        assert outbox.dropped == 1
    clock.boot, clock.since_boot = "second", 5.0
    with Outbox(directory, OutboxSettings(max_days=2), clock) as outbox:
        assert take(outbox) == []


@pytest.mark.parametrize("jump_seconds", [HOUR, -HOUR])
def test_wall_clock_jump_makes_no_event_late(jump_seconds: float, directory: Path) -> None:
    clock = Clock()
    with Outbox(directory, clock=clock) as outbox:
        put(outbox, 1)
        clock.wall += jump_seconds
        clock.advance(30.0)
        put(outbox, 2)
        wait_until(lambda: not outbox._unwritten)
        assert [taken.late for taken in outbox.take(9)] == [False, False]
        clock.advance(31.0)
        outbox.requeue_unacknowledged()
        assert [taken.late for taken in outbox.take(9)] == [True, False]
    with Outbox(directory, clock=clock) as outbox:
        clock.wall -= jump_seconds
        assert [taken.late for taken in outbox.take(9)] == [True, False]


def test_events_from_before_reboot_are_late(directory: Path) -> None:
    clock = Clock()
    with Outbox(directory, clock=clock) as outbox:
        put(outbox, 1)
    clock.boot, clock.since_boot = "second", 3.0
    with Outbox(directory, clock=clock) as outbox:
        put(outbox, 2)
        wait_until(lambda: not outbox._unwritten)
        assert [taken.late for taken in outbox.take(9)] == [True, False]


def test_second_outbox_in_directory_is_rejected(directory: Path) -> None:
    with Outbox(directory), pytest.raises(InputError, match="another timbrel"), Outbox(directory):
        pass
    with Outbox(directory) as outbox:
        assert outbox.on_disk


def test_second_daemon_in_directory_exits_with_2(tmp_path: Path, timbrel: Timbrel) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text(f"state: {{directory: {tmp_path / 'mine'}}}\nmqtt: {{port: 1}}\n")
    with Outbox(tmp_path / "mine"):
        done = timbrel("run", "--config", config)
    assert done.returncode == 2
    *_, line = done.stderr.splitlines()
    assert line.startswith(f"timbrel: state.directory: {tmp_path / 'mine'}: another timbrel (pro")


def test_rejects_newer_schema_without_changing_it(directory: Path, timbrel: Timbrel) -> None:
    with Outbox(directory) as outbox:
        put(outbox, 1)
    run_sql(directory / NAME, "PRAGMA user_version = 7")
    before = (directory / NAME).read_bytes()
    done = timbrel("run", env={"STATE_DIRECTORY": str(directory)})
    assert done.returncode == 2
    *_, line = done.stderr.splitlines()
    assert (
        f"{directory / NAME}: made by a newer Timbrel (schema 7, this version supports 1)" in line
    )
    assert "install the newer version again" in line
    assert (directory / NAME).read_bytes() == before


def test_migrates_older_schema(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Outbox(directory) as outbox:
        put(outbox, 1, 2)
    step = "CREATE TABLE later (thing TEXT); INSERT INTO later VALUES ('made');"
    monkeypatch.setattr(outbox_database, "_MIGRATIONS", (*outbox_database._MIGRATIONS, step))
    for _ in range(2):
        with Outbox(directory) as outbox:
            assert take(outbox) == [1, 2]
    with closing(sqlite3.connect(directory / NAME)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (2,)
        assert database.execute("SELECT * FROM later").fetchall() == [("made",)]
    copy = directory / f"{NAME}.schema-1"
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
        assert database.execute("SELECT count(*) FROM events").fetchone() == (2,)


def test_failed_migration_changes_nothing(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Outbox(directory) as outbox:
        put(outbox, 1)
    step = "DROP TABLE wills; INSERT INTO nowhere VALUES (1);"
    with monkeypatch.context() as patch:
        patch.setattr(outbox_database, "_MIGRATIONS", (*outbox_database._MIGRATIONS, step))
        patch.setattr(state_database, "_DAMAGED", set())
        with Outbox(directory) as outbox:
            assert not outbox.on_disk
    with Outbox(directory) as outbox:
        assert take(outbox) == [1]


@pytest.mark.parametrize("method", ["write", "replace", "_open"])
def test_keeps_events_in_memory_while_disk_fails(
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
        with failing_disk(method, "_open") if method != "write" else failing_disk("write"):
            outbox = stack.enter_context(Outbox(directory))
            outbox.put(event(1), "id1", will=event(100))
            wait_until(lambda: not outbox.on_disk)
            outbox.put(event(2), "id2")
            wait_until(lambda: 2 in take(outbox))
            time.sleep(0.5)
            warnings = [r for r in caplog.records if r.levelname == "WARNING"]
            assert len(warnings) == 1
            assert "No space left on device; events are kept in memory until" in warnings[0].message
        wait_until(lambda: outbox.on_disk)
        outbox.put(event(3), "id3")
        wait_written(outbox)
        assert "events are on disk again" in caplog.text
        assert found_after_crash(directory) == ["0", "50", "1", "2", "3", "100"]


def test_starts_without_usable_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outbox_module, "_RETRY_SECONDS", 0.1)
    (tmp_path / "file").write_text("not a directory")
    with Outbox(tmp_path / "file" / "state") as outbox:
        put(outbox, 1)
        assert take(outbox) == [1]
        assert "Not a directory" in caplog.text
        (tmp_path / "file").unlink()
        wait_until(lambda: outbox.on_disk)
        wait_until(lambda: found_after_crash(tmp_path / "file" / "state") == ["1"])


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    """Mount a file system of 300 kB; skip the test if that is not permitted."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size=300k,{options}", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a file system")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_starts_on_read_only_disk_and_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outbox_module, "_RETRY_SECONDS", 0.2)
    with small_disk(tmp_path, "ro") as disk, Outbox(disk / "state") as outbox:
        put(outbox, 1)
        assert take(outbox) == [1]
        assert "Read-only file system; events are kept in memory until" in caplog.text
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        wait_until(lambda: outbox.on_disk)
        put(outbox, 2)
        wait_written(outbox)
        shutil.copytree(disk / "state", tmp_path / "copied")
        assert found_after_crash(tmp_path / "copied") == ["1", "2"]


def test_continues_on_full_disk_and_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "_RETRY_SECONDS", 0.2)
    with small_disk(tmp_path, "rw") as disk, Outbox(disk / "state") as outbox:
        put(outbox, *range(10))
        wait_written(outbox)
        ballast = disk / "ballast"
        with pytest.raises(OSError, match="No space"):
            ballast.write_bytes(bytes(400_000))
        put(outbox, *range(10, 400), size=500)
        wait_until(lambda: not outbox.on_disk)
        assert take(outbox, 1000) == list(range(400))
        for number in range(1, 391):
            outbox.acknowledge(number)
        ballast.unlink()
        wait_until(lambda: outbox.on_disk)
        put(outbox, 400)
        wait_written(outbox)
        shutil.copytree(disk / "state", tmp_path / "copied")
        assert found_after_crash(tmp_path / "copied") == [str(n) for n in range(390, 401)]


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
def test_any_steps_keep_order_and_drop_only_oldest(steps: list[Step], most: int) -> None:
    """Compare with a model: the numbers put, minus those acknowledged or in excess of `most`."""
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
                wait_written(outbox)
            elif step == "take":
                found = outbox.take(count)
                untaken = [n for n in expected if n not in taken.values()]
                assert [number_of(t.message) for t in found] == untaken[:count]
                taken |= {t.number: number_of(t.message) for t in found}
            elif step == "acknowledge":
                for number in list(taken)[:count]:
                    outbox.acknowledge(number)
                    expected.remove(taken.pop(number))
            elif step == "take back":
                outbox.requeue_unacknowledged()
                taken.clear()
            else:
                wait_written(outbox)
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
        outbox.requeue_unacknowledged()
        assert take(outbox) == expected
        outbox.__exit__(None, None, None)
