"""The history file keeps what happened, within its bounds, through damage and full disks."""

import logging
import sqlite3
import time
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from daemon.configuration.settings import HistorySettings
from daemon.errors import InputError
from daemon.practice.history import history_file
from daemon.practice.history.history import History
from daemon.practice.history.history_file import HistoryFile
from daemon.practice.history.reader import Selection, read_days, read_events, read_sessions
from daemon.practice.history.records import DayRecord, EventRecord
from daemon.practice.history.schema import MIGRATIONS, NAME, event_row
from daemon.practice.summary import Summary

NOW = datetime(2026, 6, 10, 18, 0, tzinfo=UTC)
WALL = NOW.timestamp()
ALL = Selection(datetime(1971, 1, 1, tzinfo=UTC), datetime(2199, 1, 1, tzinfo=UTC))
SUMMARY = Summary(
    started=WALL - 1234.5,
    ended=WALL - 34.5,
    minutes={"organ": 12.25, "flute": 3.5},
    notes=1840,
    range=("E2", "G5"),
    tempo_range=(84.0, 96.5),
    keys={"A major": 14.2},
    legato=0.4,
)


def event(number: int, onset: float = WALL) -> EventRecord:
    return EventRecord(f"{number:032x}", "organ", onset, 60.0, 0.9, None)


def new_history(directory: Path, **bounds: int) -> History:
    return History(directory, HistorySettings(**bounds), wall=lambda: WALL)


def count(directory: Path, table: str) -> int:
    with closing(sqlite3.connect(directory / NAME)) as database:
        found: int = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
        return found


def test_reads_back_what_was_put(tmp_path: Path) -> None:
    day = DayRecord(date(2026, 6, 10), 945.0, {"organ": 735.0, "flute": 210.0})
    with new_history(tmp_path) as history:
        attic = history.of("attic")
        attic.put_event(event(1)._replace(reason="interrupted", seconds=3.0))
        attic.put_event(event(1))
        attic.put_session(SUMMARY)
        attic.put_session(SUMMARY)
        attic.put_day(day._replace(seconds=10.0))
        attic.put_day(day)
        history.of("cellar").put_event(event(2))
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert read_events(tmp_path, ALL) == [("attic", event(1)), ("cellar", event(2))]
    assert read_events(tmp_path, ALL._replace(place="cellar")) == [("cellar", event(2))]
    assert read_sessions(tmp_path, ALL) == [("attic", SUMMARY)]
    assert list(read_sessions(tmp_path, ALL)[0][1].minutes) == ["organ", "flute"]
    assert read_days(tmp_path, ALL) == [("attic", day)]


def test_reader_sees_rows_while_the_daemon_runs_and_changes_nothing(tmp_path: Path) -> None:
    with new_history(tmp_path) as history:
        history.of("attic").put_session(SUMMARY)
        deadline = time.monotonic() + 60.0
        while not read_sessions(tmp_path, ALL):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        before = sorted(file.name for file in tmp_path.iterdir())
        read_sessions(tmp_path, ALL)
        assert sorted(file.name for file in tmp_path.iterdir()) == before


def test_remembers_the_week_across_a_restart(tmp_path: Path) -> None:
    with new_history(tmp_path) as history:
        for day in range(1, 15):
            history.of("attic").put_day(DayRecord(date(2026, 6, day), 60.0, {"organ": 60.0}))
    with new_history(tmp_path) as history:
        attic = history.of("attic")
        # 10 June 2026 is a Wednesday.
        today = DayRecord(date(2026, 6, 10), 30.0, {"flute": 30.0})
        assert attic.week(today) == (150.0, {"organ": 120.0, "flute": 30.0})
        assert attic.week(today._replace(day=date(2026, 6, 8))) == (30.0, {"flute": 30.0})
        assert attic.day(date(2026, 6, 9)).families == {"organ": 60.0}
        assert history.of("cellar").week(today).seconds == 30.0


def test_removes_what_is_too_old(tmp_path: Path) -> None:
    with new_history(tmp_path, max_days=10) as history:
        attic = history.of("attic")
        attic.put_event(event(1, WALL - 11 * 86_400))
        attic.put_event(event(2, WALL - 9 * 86_400))
        attic.put_day(DayRecord(NOW.date() - timedelta(days=12), 60.0, {}))
        attic.put_day(DayRecord(NOW.date(), 60.0, {}))
    assert read_events(tmp_path, ALL) == [("attic", event(2, WALL - 9 * 86_400))]
    assert [day.day for _, day in read_days(tmp_path, ALL)] == [NOW.date()]


def test_clock_in_the_far_future_removes_nothing(tmp_path: Path) -> None:
    with new_history(tmp_path) as history:
        history.of("attic").put_event(event(1))
    with History(tmp_path, wall=lambda: WALL + 80 * 366 * 86_400) as history:
        history.of("attic").put_event(event(2))
    assert count(tmp_path, "events") == 2


def test_removes_the_oldest_rows_of_a_file_that_is_too_large(tmp_path: Path) -> None:
    bounds = HistorySettings(max_megabytes=1)
    file = HistoryFile(tmp_path, bounds)
    for start in range(0, 12_000, 4000):
        rows = [event_row("attic", event(n, WALL + n)) for n in range(start, start + 4000)]
        file.write({"events": rows}, WALL + 12_000)
    file.close()
    assert (tmp_path / NAME).stat().st_size <= 1_000_000
    kept = [found.onset for _, found in read_events(tmp_path, ALL)]
    assert 1000 < len(kept) < 12_000
    assert kept == [WALL + n for n in range(12_000 - len(kept), 12_000)]


def test_damaged_file_is_moved_aside_and_its_rows_are_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with new_history(tmp_path) as history:
        for number in range(3000):
            history.of("attic").put_event(event(number))
    content = bytearray((tmp_path / NAME).read_bytes())
    middle = len(content) * 2 // 3 // 4096 * 4096
    content[middle : middle + 40_960] = bytes(40_960)
    (tmp_path / NAME).write_bytes(content)
    with new_history(tmp_path) as history:
        for number in range(3000):
            history.of("attic").put_event(event(number)._replace(seconds=61.0))
        history.of("attic").put_session(SUMMARY)
    assert read_sessions(tmp_path, ALL) == [("attic", SUMMARY)]
    assert count(tmp_path, "events") == 3000
    assert (tmp_path / f"{NAME}.damaged").exists()
    assert "is damaged" in caplog.text


@pytest.mark.parametrize(
    "content", [b"no database at all" * 500, b"SQLite format 3\0" + b"\xff" * 4080]
)
def test_other_content_is_moved_aside(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    with new_history(tmp_path) as history:
        history.of("attic").put_event(event(1))
    assert read_events(tmp_path, ALL) == [("attic", event(1))]
    assert (tmp_path / f"{NAME}.damaged").read_bytes() == content


def test_link_is_moved_aside_and_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"precious")
    state = tmp_path / "state"
    state.mkdir()
    (state / NAME).symlink_to(target)
    with new_history(state) as history:
        history.of("attic").put_event(event(1))
    assert target.read_bytes() == b"precious"
    assert count(state, "events") == 1


def test_rows_wait_in_memory_while_the_disk_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr("daemon.practice.history.history._RETRY_SECONDS", 0.1)
    state = tmp_path / "state"
    state.write_text("a file where the directory should be")
    with new_history(state) as history:
        history.of("attic").put_event(event(1))
        history.of("attic").put_day(DayRecord(NOW.date(), 60.0, {}))
        assert history.of("attic").day(NOW.date()).seconds == 60.0
        time.sleep(0.5)
        state.unlink()
    assert read_events(state, ALL) == [("attic", event(1))]
    assert caplog.text.count("kept in memory until it is writable") == 1
    assert "the history is on disk again" in caplog.text


def test_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    with new_history(tmp_path) as history:
        history.of("attic").put_event(event(1))
    with closing(sqlite3.connect(tmp_path / NAME)) as database:
        database.execute("PRAGMA user_version = 7")
    before = (tmp_path / NAME).read_bytes()
    with pytest.raises(InputError, match=r"made by a newer Timbrel.*install the newer version"):
        new_history(tmp_path).__enter__()
    with pytest.raises(InputError, match="made by a newer Timbrel"):
        read_events(tmp_path, ALL)
    assert (tmp_path / NAME).read_bytes() == before


def test_migration_keeps_a_copy_of_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_history(tmp_path) as history:
        history.of("attic").put_event(event(1))
    (tmp_path / f"{NAME}.schema-0").write_bytes(b"an earlier copy")
    step = "CREATE TABLE later (thing TEXT);"
    monkeypatch.setattr(history_file, "MIGRATIONS", (*MIGRATIONS, step))
    with new_history(tmp_path) as history:
        history.of("attic").put_event(event(2))
    assert count(tmp_path, "events") == 2
    copy = tmp_path / f"{NAME}.schema-1"
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
        assert database.execute("SELECT count(*) FROM events").fetchone() == (1,)
    assert [file.name for file in tmp_path.glob("*.schema-*")] == [copy.name]


def test_damaged_rows_are_left_out(tmp_path: Path) -> None:
    with new_history(tmp_path) as history:
        history.of("attic").put_session(SUMMARY)
        history.of("attic").put_event(event(1))
    with closing(sqlite3.connect(tmp_path / NAME)) as database:
        database.execute(
            "INSERT INTO sessions (place, started, ended, minutes) VALUES ('a', 1e9, 1e9, '{oops')"
        )
        database.execute("INSERT INTO events VALUES ('x', 'a', 'organ', 'when', 1, 1, NULL)")
        database.commit()
    assert read_sessions(tmp_path, ALL) == [("attic", SUMMARY)]
    assert read_events(tmp_path, ALL) == [("attic", event(1))]


def test_without_a_directory_only_days_are_kept(tmp_path: Path) -> None:
    with History() as history:
        history.of("attic").put_event(event(1))
        history.of("attic").put_day(DayRecord(date(2026, 6, 9), 60.0, {}))
        today = DayRecord(date(2026, 6, 10), 0.0, {})
        assert history.of("attic").week(today).seconds == 60.0
    assert not list(tmp_path.iterdir())
