"""What is deleted is gone from the file, from memory and from the sums, and nothing else is."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from daemon.errors import FailedError
from daemon.practice.history.history import History
from daemon.practice.history.reader import Selection, read_days, read_events, read_sessions
from daemon.practice.history.records import DayRecord, Deleted, Deletion, EventRecord
from daemon.practice.history.schema import NAME
from daemon.practice.sessions import Diary, Session, Sessions
from daemon.practice.summary import Summary

EVENING = datetime(2026, 6, 10, 18, 0, tzinfo=UTC).timestamp()
DAY, NEXT = date(2026, 6, 10), date(2026, 6, 11)
ALL = Selection(datetime(1971, 1, 1, tzinfo=UTC), datetime(2199, 1, 1, tzinfo=UTC))


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as context:
        context.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def event(number: int, family: str, onset: float, seconds: float) -> EventRecord:
    return EventRecord(f"{number:032x}", family, onset, seconds, 0.9, None)


def summary(started: float, seconds: float) -> Summary:
    return Summary(started=started, ended=started + seconds, minutes={"organ": seconds / 60})


LATE = EVENING + 6 * 3_600 - 600
"""Ten minutes before midnight."""


def fill(history: History) -> None:
    """Two sessions on one day, of which the second one lasts into the next day."""
    box = history.of("box")
    box.put_event(event(1, "organ", EVENING, 600.0))
    box.put_event(event(2, "flute", EVENING + 300, 600.0))
    box.put_session(summary(EVENING, 900.0))
    box.put_event(event(3, "organ", LATE, 1_200.0))
    box.put_session(summary(LATE, 1_200.0))
    box.put_day(DayRecord(DAY, 1_500.0, {"organ": 1_200.0, "flute": 600.0}))
    box.put_day(DayRecord(NEXT, 600.0, {"organ": 600.0}))
    history.of("attic").put_event(event(4, "organ", EVENING, 60.0))
    history.of("attic").put_day(DayRecord(DAY, 60.0, {"organ": 60.0}))


def left(directory: Path) -> tuple[list[int], list[float], list[DayRecord]]:
    """Return the numbers of the events, the starts of the sessions and the days of the box."""
    ours = ALL._replace(place="box")
    assert len(read_events(directory, ALL._replace(place="attic"))) == 1
    assert len(read_days(directory, ALL._replace(place="attic"))) == 1
    return (
        [int(e.event_id, 16) for _, e in read_events(directory, ours)],
        [s.started for _, s in read_sessions(directory, ours)],
        [d for _, d in read_days(directory, ours)],
    )


def test_session_takes_its_events_and_minutes_along(tmp_path: Path) -> None:
    with History(tmp_path) as history:
        fill(history)
        deleted = history.delete(Deletion("box", session=EVENING))
        assert deleted.sessions == {EVENING}
        assert deleted.days == {DAY: DayRecord(DAY, 900.0, {"organ": 600.0, "flute": 600.0})}
        rest = DayRecord(DAY, 600.0, {"organ": 600.0})
        assert left(tmp_path) == ([3], [LATE], [rest, DayRecord(NEXT, 600.0, {"organ": 600.0})])
        assert history.of("box").day(DAY) == rest


def test_session_across_midnight_is_taken_from_both_days(tmp_path: Path) -> None:
    with History(tmp_path) as history:
        fill(history)
        history.delete(Deletion("box", session=LATE))
        first = DayRecord(DAY, 900.0, {"organ": 600.0, "flute": 600.0})
        assert left(tmp_path) == ([1, 2], [EVENING], [first])


def test_day_takes_what_began_on_it(tmp_path: Path) -> None:
    with History(tmp_path) as history:
        fill(history)
        deleted = history.delete(Deletion("box", day=DAY))
        assert deleted.sessions == {EVENING, LATE}
        assert left(tmp_path) == ([], [], [DayRecord(NEXT, 600.0, {"organ": 600.0})])
        assert history.of("box").day(DAY).seconds == 0.0


def test_everything_of_a_place_leaves_the_other_place(tmp_path: Path) -> None:
    with History(tmp_path) as history:
        fill(history)
        deleted = history.delete(Deletion("box"))
        assert deleted.is_everything
        assert left(tmp_path) == ([], [], [])
        assert history.of("box").day(NEXT).seconds == 0.0


def test_day_without_playing_is_not_kept(tmp_path: Path) -> None:
    with History(tmp_path) as history:
        fill(history)
        history.of("box").put_day(DayRecord(DAY, 0.0, {}))
        history.delete(Deletion("nobody"))
        assert left(tmp_path)[2] == [DayRecord(NEXT, 600.0, {"organ": 600.0})]


def test_unknown_session_deletes_nothing(tmp_path: Path) -> None:
    with History(tmp_path) as history:
        fill(history)
        assert history.delete(Deletion("box", session=EVENING + 1)) == Deleted()
        assert left(tmp_path)[0] == [1, 2, 3]


def test_deleted_text_is_not_left_in_the_file(tmp_path: Path) -> None:
    with History(tmp_path) as history:
        history.of("box").put_session(summary(EVENING, 900.0))
        history.of("box").put_event(event(1, "hurdygurdy", EVENING, 600.0))
        history.delete(Deletion("attic"))
        assert b"hurdygurdy" in (tmp_path / NAME).read_bytes()
        history.delete(Deletion("box"))
        assert b"hurdygurdy" not in (tmp_path / NAME).read_bytes()


def test_deletion_of_a_closed_or_unreachable_history_is_refused(tmp_path: Path) -> None:
    history = History(tmp_path)
    with pytest.raises(FailedError, match="closed"):
        history.delete(Deletion("box"))
    (tmp_path / "file").write_text("")
    with (
        History(tmp_path / "file" / "state") as unreachable,
        pytest.raises(FailedError, match="nothing is deleted"),
    ):
        unreachable.delete(Deletion("box"))


def test_file_locked_by_another_program_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.practice.history.history_file._BUSY_SECONDS", 0.1)
    with History(tmp_path) as history:
        fill(history)
        history.delete(Deletion("nobody"))
        with closing(sqlite3.connect(tmp_path / NAME, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(FailedError, match="database is locked"):
                history.delete(Deletion("box"))
        assert left(tmp_path)[0] == [1, 2, 3]


def test_deletion_from_a_damaged_file_repairs_it_first(tmp_path: Path) -> None:
    with History(tmp_path) as history:
        fill(history)
        history.delete(Deletion("nobody"))
        file = tmp_path / NAME
        content = bytearray(file.read_bytes())
        # The change counter, so that SQLite reads the pages again.
        content[24:28] = b"\x7f" * 4
        content[4096:] = bytes(len(content) - 4096)
        file.write_bytes(content)
        history.delete(Deletion("box"))
        history.of("box").put_event(event(5, "organ", EVENING, 60.0))
        history.of("attic").put_event(event(4, "organ", EVENING, 60.0))
        history.of("attic").put_day(DayRecord(DAY, 60.0, {"organ": 60.0}))
    assert file.with_name(f"{NAME}.damaged").exists()
    assert left(tmp_path) == ([5], [], [])


def test_running_sessions_forget_what_was_deleted() -> None:
    last = Session(EVENING, 900.0, ("organ",), {"organ": 900.0})
    diary = Diary(str(DAY), 950.0, {"organ": 900.0, "flute": 50.0}, None, last)
    sessions = Sessions(settle_seconds=1.0, gap_seconds=60.0, least_seconds=1.0, diary=diary)
    removed = DayRecord(DAY, 900.0, {"organ": 900.0})
    assert not sessions.forget(Deleted(frozenset({1.0}), {NEXT: removed}))
    assert sessions.diary == diary
    assert sessions.forget(Deleted(frozenset({EVENING}), {DAY: removed}))
    # What was played since the history was written stays.
    assert sessions.diary == Diary(str(DAY), 50.0, {"flute": 50.0}, None, None)
