"""After a deletion on the page, the hub is told what is left."""

import json
from datetime import date

from daemon.hub.messages import Message, Node
from daemon.hub.practice_reporter import PracticeReporter
from daemon.practice.history.history import History
from daemon.practice.history.records import DayRecord, Deleted
from daemon.practice.sessions import Diary, Session, Sessions

NODE = Node("box", "box", ("flute", "organ"), "tiny 1", "0.2.0")
STARTED = 1_717_266_600.0
TODAY = date(2024, 6, 1)
DIARY = Diary(
    day=str(TODAY),
    seconds=660.0,
    families={"organ": 600.0, "flute": 60.0},
    last=Session(STARTED, 600.0, ("organ",), {"organ": 600.0}),
)


def told(deleted: Deleted) -> tuple[dict[str, bytes], Diary, History]:
    """Return the messages by leaf, the saved diary, and the history in memory."""
    sent: list[Message] = []
    saved: list[Diary] = []
    sessions = Sessions(settle_seconds=1.0, gap_seconds=60.0, least_seconds=1.0, diary=DIARY)
    history = History()
    reporter = PracticeReporter(NODE, sessions, sent.append, saved.append, history.of("box"))
    reporter.forget(deleted)
    assert all(message.retain for message in sent)
    return {m.topic.removeprefix("timbrel/box/"): m.payload for m in sent}, saved[-1], history


def test_last_session_that_was_deleted_is_cleared() -> None:
    removed = {TODAY: DayRecord(TODAY, 600.0, {"organ": 600.0})}
    messages, diary, history = told(Deleted(frozenset({STARTED}), removed))
    assert (messages["practice/summary"], messages["last_session"]) == (b"", b"")
    practice = json.loads(messages["practice"])
    assert (practice["minutes"], practice["week_minutes"]) == (1.0, 1.0)
    assert practice["families"] == {"flute": 1.0, "organ": 0.0}
    assert diary.last is None
    assert history.day("box", TODAY) == DayRecord(TODAY, 60.0, {"flute": 60.0})


def test_day_of_which_nothing_is_left_is_written_as_empty() -> None:
    removed = {TODAY: DayRecord(TODAY, 660.0, {"organ": 600.0, "flute": 60.0})}
    _, diary, history = told(Deleted(frozenset(), removed, is_everything=True))
    assert (diary.seconds, diary.families, diary.last) == (0.0, {}, None)
    assert history.day("box", TODAY) == DayRecord(TODAY, 0.0, {})


def test_deletion_of_other_days_keeps_today_and_the_last_session() -> None:
    earlier = date(2024, 5, 1)
    deleted = Deleted(frozenset({1.0}), {earlier: DayRecord(earlier, 60.0, {"organ": 60.0})})
    messages, diary, _ = told(deleted)
    assert messages.keys() == {"practice"}
    assert diary == DIARY
