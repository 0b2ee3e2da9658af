"""The messages of a reporter that gets scripted windows."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

import numpy as np
import pytest

from daemon.hearing.scorer import Heard
from daemon.hearing.tracker import Event, EventEnded, EventStarted
from daemon.hub.messages import Message, Node
from daemon.hub.reporter import Reporter
from daemon.mqtt.outbox.outbox import Outbox
from daemon.practice.history.history import History, PlaceHistory
from daemon.practice.history.records import DayRecord, EventRecord
from daemon.practice.sessions import Diary, Sessions
from daemon.practice.summary import Figures, Summary
from tests.daemon.observations import observed

NODE = Node("timbrel", "timbrel", ("flute", "organ"), "tiny 1", "0.1.0")
BEGAN = 1_717_266_600.0  # 2024-06-01 18:30:00 UTC
REQUIRED = {
    "event_type", "event_id", "family", "onset", "at", "score", "peak", "node", "model",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC0")
    time.tzset()
    try:
        yield
    finally:
        monkeypatch.undo()
        time.tzset()


class Evening:
    """A reporter whose messages are recorded, and a wall clock that may jump."""

    def __init__(self, node: Node = NODE, practice: Sessions | None = None) -> None:
        self.sent: list[Message] = []
        self.ahead_seconds = 0.0
        self.wills: dict[str, Message] = {}
        self.renewals = 0
        self.hub = Reporter(node, self.sent.append, self, self.wall_at, sessions=practice)

    def put(self, message: Message, event_id: str, will: Message | None = None) -> None:
        self.sent.append(message)
        if will is None:
            del self.wills[event_id]
        else:
            self.wills[event_id] = will

    def renew(self, wills: Mapping[str, Message]) -> None:
        assert wills.keys() == self.wills.keys()
        self.wills |= wills
        self.renewals += 1

    def wall_at(self, at: float) -> float:
        return BEGAN + self.ahead_seconds + at

    def window(
        self, at: float, *events: Event, level_dbfs: float = -30.0, **playing: float
    ) -> list[Message]:
        """Observe one window; return the messages that it caused."""
        before = len(self.sent)
        heard = Heard(at, level_dbfs, np.zeros(2, np.float32))
        still = [EventStarted(family, 0.0, at, score) for family, score in playing.items()]
        self.hub.observe(observed(heard, still, events))
        return self.sent[before:]

    def end(self, *arguments: Any) -> list[Message]:
        before = len(self.sent)
        self.hub.sound_ended(*arguments)
        return self.sent[before:]

    def deaf(self, *arguments: Any) -> list[Message]:
        before = len(self.sent)
        self.hub.sound_lost(*arguments)
        return self.sent[before:]


@pytest.fixture
def evening() -> Evening:
    """An evening that has begun: hearing, the first state, level and scores are published."""
    evening = Evening()
    evening.hub.sound_started()
    evening.window(4.0)
    return evening


def leaves(messages: list[Message]) -> list[str]:
    return [message.topic.removeprefix("timbrel/timbrel/") for message in messages]


def body(message: Message) -> Any:
    return json.loads(message.payload)


def started(family: str, onset: float, at: float, score: float = 0.9) -> EventStarted:
    return EventStarted(family, onset, at, score)


def ended(family: str, onset: float, at: float, ended_at: float) -> EventEnded:
    return EventEnded(family, onset, at, 0.1, ended_at, 0.95)


def test_birth_messages_are_the_device_and_online() -> None:
    hub = Evening().hub
    discovery, online = hub.birth_messages(discovery=True)
    assert discovery.topic == "homeassistant/device/timbrel_timbrel/config"
    assert (online.topic, online.payload) == ("timbrel/timbrel/availability", b"online")
    assert hub.birth_messages(discovery=False) == [online]


def test_place_with_its_own_name_is_online_on_both_topics() -> None:
    hub = Evening(Node("attic", "porch", ("flute",), "tiny 1", "0.1.0")).hub
    said = [(message.topic, message.payload) for message in hub.birth_messages(discovery=False)]
    assert said == [
        ("timbrel/attic/availability", b"online"),
        ("timbrel/porch/availability", b"online"),
    ]


def test_publishes_hearing_when_sound_starts() -> None:
    evening = Evening()
    evening.hub.sound_started()
    (hearing,) = evening.sent
    assert leaves([hearing]) == ["hearing"]
    assert body(hearing) == {
        "hearing": "hearing", "reason": None, "since": "2024-06-01T18:30:00.000+00:00",
    }  # fmt: skip


def test_first_window_publishes_state_level_and_scores() -> None:
    evening = Evening()
    evening.hub.sound_started()
    state, level, scores = evening.window(4.0, level_dbfs=-33.33)
    assert leaves([state, level, scores]) == ["state", "level", "scores"]
    assert body(state)["playing"] is False
    assert body(state)["updated"] == "2024-06-01T18:30:04.000+00:00"
    assert level.payload == b"-33.3"
    assert body(scores) == {"flute": 0.0, "organ": 0.0}


def test_unchanged_windows_publish_nothing(evening: Evening) -> None:
    assert [evening.window(float(at)) for at in range(5, 100)] == [[]] * 95


def test_event_comes_before_the_state_that_it_changes(evening: Evening) -> None:
    event, state = evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    assert leaves([event, state]) == ["event", "state"]
    assert body(event).keys() >= REQUIRED
    assert body(event)["event_type"] == "started"
    assert body(event)["onset"] == "2024-06-01T18:30:03.500+00:00"
    assert body(event)["at"] == "2024-06-01T18:30:07.000+00:00"
    assert body(state)["families"] == {
        "flute": {"score": 0.9, "since": "2024-06-01T18:30:03.500+00:00"}
    }


def test_end_has_the_id_and_the_onset_of_the_start(evening: Evening) -> None:
    start, *_ = evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    end, state = evening.window(15.0, ended("flute", 3.5, 15.0, 9.5))
    assert body(end).keys() >= REQUIRED | {"ended_at", "duration_seconds"}
    assert body(end)["event_id"] == body(start)["event_id"]
    assert body(end)["onset"] == body(start)["onset"]
    assert body(end)["ended_at"] == "2024-06-01T18:30:09.500+00:00"
    assert body(end)["duration_seconds"] == 6.0
    assert body(state)["families"] == {}


def test_every_event_has_a_unique_id(evening: Evening) -> None:
    ids = set()
    for at in range(10, 30, 10):
        both = [started("flute", at - 4, at), started("organ", at - 4, at)]
        ids |= {body(m)["event_id"] for m in evening.window(at, *both, flute=0.9, organ=0.9)[:2]}
        evening.window(at + 5, ended("flute", at - 4, at + 5, at), ended("organ", at - 4, at, at))
    assert len(ids) == 4
    assert all(len(identifier) >= 16 for identifier in ids)


@pytest.mark.parametrize(
    ("score", "published"), [(0.9, []), (0.85, []), (0.81, []), (0.79, ["state"]), (0.99, [])]
)
def test_publishes_state_when_a_score_changed_by_a_tenth(
    score: float,
    published: list[str],
    evening: Evening,
) -> None:
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    assert evening.window(16.9, flute=score) == []
    assert leaves(evening.window(17.0, flute=score)) == published


def test_publishes_a_slow_drift_of_a_score_in_steps_of_a_tenth(evening: Evening) -> None:
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    drift = np.arange(0.89, 0.5, -0.01)
    published = [
        score
        for second, score in enumerate(drift)
        if evening.window(8.0 + second, flute=float(score))
    ]
    assert 3 <= len(published) <= 4
    assert np.all(np.diff([0.9, *published]) < -0.099)


def test_publishes_state_when_the_families_change(evening: Evening) -> None:
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    _, state = evening.window(9.0, started("organ", 5.5, 9.0), flute=0.9, organ=0.7)
    assert list(body(state)["families"]) == ["flute", "organ"]
    _, state = evening.window(15.0, ended("flute", 3.5, 15.0, 9.0), organ=0.7)
    assert list(body(state)["families"]) == ["organ"]
    assert body(state)["families"]["organ"]["since"] == "2024-06-01T18:30:05.500+00:00"


def test_publishes_level_every_ten_seconds_if_it_changed_by_three_decibels() -> None:
    evening = Evening()
    evening.hub.sound_started()
    levels = {4: -30.0, 5: -50.0, 13: -50.0, 14: -50.0, 24: -52.9, 25: -53.0, 34: -20.0, 35: -20.0}
    published = {
        at: [m.payload for m in evening.window(at, level_dbfs=db) if m.topic.endswith("level")]
        for at, db in levels.items()
    }
    assert {at: payloads[0] for at, payloads in published.items() if payloads} == {
        4: b"-30.0", 14: b"-50.0", 25: b"-53.0", 35: b"-20.0",
    }  # fmt: skip


def test_lost_sound_ends_events_and_makes_playing_unknown(evening: Evening) -> None:
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    lost = EventEnded("flute", 3.5, 8.0, 0.9, 8.0, 0.95, "deaf")
    event, state, hearing = evening.deaf("no sound from the device for 5 s", 8.0, [lost], 5.0)
    assert leaves([event, state, hearing]) == ["event", "state", "hearing"]
    assert body(event)["reason"] == "deaf"
    assert body(state)["playing"] is None
    assert body(state)["instrument"] is None
    assert body(state)["families"] == {}
    assert body(hearing) == {
        "hearing": "deaf",
        "reason": "no sound from the device for 5 s",
        "since": "2024-06-01T18:30:03.000+00:00",
    }


def test_planned_end_publishes_silence(evening: Evening) -> None:
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    event, state = evening.end(9.0, [ended("flute", 3.5, 9.0, 9.0)])
    assert leaves([event, state]) == ["event", "state"]
    assert body(state)["playing"] is False
    assert body(state)["instrument"] == "none"


def test_last_state_has_the_newest_level(evening: Evening) -> None:
    evening.window(7.0, level_dbfs=-29.0)
    (state,) = evening.end(8.0, [])
    assert body(state)["level"] == -29.0


def test_publishes_state_level_and_scores_again_when_sound_returns(evening: Evening) -> None:
    evening.deaf("unplugged", 8.0, [])
    before = len(evening.sent)
    evening.hub.sound_started()
    evening.window(4.0)
    assert leaves(evening.sent[before:]) == ["hearing", "state", "level", "scores"]
    assert body(evening.sent[-3])["playing"] is False


@pytest.mark.parametrize("jump_seconds", [3_600.0, -3_600.0])
def test_wall_clock_jump_changes_neither_durations_nor_ids(
    jump_seconds: float, evening: Evening
) -> None:
    start, *_ = evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    evening.ahead_seconds = jump_seconds
    assert evening.window(8.0, flute=0.9) == []
    end, *_ = evening.window(15.0, ended("flute", 3.5, 15.0, 9.5))
    assert body(end)["event_id"] == body(start)["event_id"]
    assert body(end)["duration_seconds"] == 6.0
    assert body(end)["onset"] == body(start)["onset"] == "2024-06-01T18:30:03.500+00:00"
    assert body(end)["ended_at"] == "2024-06-01T18:30:09.500+00:00"


def test_open_event_has_its_end_as_a_will(evening: Evening) -> None:
    start, *_ = evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    (will,) = evening.wills.values()
    assert body(will) == body(start) | {
        "event_type": "ended",
        "ended_at": "2024-06-01T18:30:07.000+00:00",
        "duration_seconds": 3.5,
        "reason": "interrupted",
    }
    assert will.topic == start.topic
    evening.window(15.0, ended("flute", 3.5, 15.0, 9.5))
    assert evening.wills == {}


def test_renews_wills_every_thirty_seconds(evening: Evening) -> None:
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    for at in range(8, 101):
        evening.window(float(at), flute=0.97 if at == 50 else 0.8)
    assert evening.renewals == 3
    (will,) = evening.wills.values()
    assert 70 <= body(will)["duration_seconds"] + 3.5 <= 100
    assert body(will)["peak"] == 0.97
    evening.window(110.0, ended("flute", 3.5, 110.0, 104.0))
    for at in range(111, 300):
        evening.window(float(at))
    assert evening.renewals == 3


def test_reads_the_wall_clock_once_per_window() -> None:
    asked: list[float] = []

    def wall_at(at: float) -> float:
        asked.append(at)
        return BEGAN + at

    hub = Reporter(NODE, lambda _: None, Outbox(), wall_at)
    both = [started("flute", 0.0, 4.0), started("organ", 0.0, 4.0)]
    hub.observe(observed(Heard(4.0, -30.0, np.zeros(2, np.float32)), both, both))
    assert asked == [4.0]


def test_every_message_is_valid_json(evening: Evening) -> None:
    refuse: Callable[[str], None] = pytest.fail
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    evening.deaf('a "quoted" reason\nin two lines, größer', 8.0, [ended("flute", 3.5, 8.0, 8.0)])
    for message in evening.sent:
        json.loads(message.payload, parse_constant=refuse)


def test_publishes_scores_every_five_seconds_while_they_change() -> None:
    sent: list[Message] = []
    hub = Reporter(NODE, sent.append, Outbox(), lambda at: BEGAN + at)
    hub.sound_started()
    rng = np.random.default_rng(1)
    for at in range(4, 124):
        scores = rng.random(2).astype(np.float32) if at < 64 else np.full(2, 0.3, np.float32)
        hub.observe(observed(Heard(float(at), -30.0, scores), [], []))
    published = [body(message) for message in sent if message.topic.endswith("/scores")]
    assert len(published) == 12 + 1
    assert published[-1] == {"flute": 0.3, "organ": 0.3}


def test_scores_lag_by_at_most_five_seconds_while_one_family_plays(evening: Evening) -> None:
    """All values change in every window: scores have priority, and no minute has 30 messages."""
    rng = np.random.default_rng(5)
    times, scores_at = [], [4.0]
    for at in range(5, 605):
        begins = [started("flute", 3.5, 7.0)] if at == 7 else []
        plays = [started("flute", 3.5, 7.0, float(rng.choice([0.5, 0.9])))] if at >= 7 else []
        before = len(evening.sent)
        scores = np.array([at % 2, 0.5], np.float32)
        evening.hub.observe(
            observed(Heard(float(at), rng.uniform(-40.0, -10.0), scores), plays, begins)
        )
        sent = leaves(evening.sent[before:])
        times += [at] * len(sent)
        scores_at += [float(at)] * sent.count("scores")
    assert np.max(np.diff([*scores_at, 605.0])) <= 5.0
    minutes = [sum(begin <= at < begin + 60 for at in times) for begin in range(5, 545)]
    # In addition: one message a minute of diagnostics, and two of practice.
    assert 20 < max(minutes) <= 26


def test_scores_lag_by_at_most_five_seconds_while_one_family_comes_and_goes() -> None:
    """A start or an end every ten seconds, while all other values change in every window."""
    rng = np.random.default_rng(6)
    practice = Sessions(settle_seconds=10, gap_seconds=120, least_seconds=5)
    evening = Evening(NODE, practice)
    evening.hub.sound_started()
    scores_at = [4.0]
    for at in range(4, 604):
        starts, turns = (at - 4) // 10 % 2 == 0, (at - 4) % 10 == 0
        start = started("flute", 4.0, 7.0, float(rng.choice([0.5, 0.9])))
        event = start if starts else ended("flute", 4.0, float(at), float(at))
        before = len(evening.sent)
        heard = Heard(float(at), rng.uniform(-40.0, -10.0), np.array([at % 2, 0.5], np.float32))
        evening.hub.observe(observed(heard, [start] if starts else [], [event] if turns else []))
        scores_at += [float(at)] * leaves(evening.sent[before:]).count("scores")
    assert np.max(np.diff([*scores_at, 604.0])) <= 5.0
    assert len(evening.sent) / 10 < 29.0


def test_scores_lag_by_at_most_five_seconds_while_families_take_turns(evening: Evening) -> None:
    """Every four seconds one of two families starts or ends, as in a medley."""
    scores_at = [4.0]
    for at in range(5, 305):
        family, ends = ("flute", "organ")[at // 8 % 2], at % 8 == 4
        event = ended(family, 3.5, at, at) if ends else started(family, 3.5, at)
        events = [event] if at % 4 == 0 else []
        plays = [started(family, 3.5, at)] if at >= 8 and at % 8 < 4 else []
        before = len(evening.sent)
        heard = Heard(float(at), -30.0 - 6 * (at % 2), np.array([at % 2, 0.5], np.float32))
        evening.hub.observe(observed(heard, plays, events if at >= 8 else []))
        scores_at += [float(at)] * leaves(evening.sent[before:]).count("scores")
    assert np.max(np.diff([*scores_at, 305.0])) <= 5.0


class RecordedHistory(PlaceHistory):
    """A history in memory that also records what it gets."""

    def __init__(self) -> None:
        super().__init__(History(), "living")
        self.events: list[EventRecord] = []
        self.sessions: list[Summary] = []

    def put_event(self, event: EventRecord) -> None:
        self.events.append(event)

    def put_session(self, summary: Summary) -> None:
        self.sessions.append(summary)


class PracticeEvening(Evening):
    """An evening with practice, whose diaries are recorded."""

    def __init__(self, history: PlaceHistory | None = None) -> None:
        super().__init__()
        self.saved: list[Diary] = []
        self.sessions = Sessions(settle_seconds=10, gap_seconds=120, least_seconds=5)
        self.hub = Reporter(
            *(NODE, self.sent.append, self, self.wall_at),
            sessions=self.sessions,
            save=self.saved.append,
            history=history,
        )

    def bodies(self, leaf: str) -> list[Any]:
        return [body(m) for m in self.sent if m.topic.endswith(f"/{leaf}")]


def test_publishes_and_saves_practice_once_a_minute() -> None:
    evening = PracticeEvening()
    evening.hub.sound_started()
    evening.window(4.0)
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    for at in range(8, 308):
        evening.window(float(at), flute=0.9)
    published = evening.bodies("practice")
    assert len(published) == len(evening.saved) == 2 + 5
    assert [entry["minutes"] for entry in published[2:]] == [0.9, 1.9, 2.9, 3.9, 4.9]
    assert published[0]["session"] is None
    assert {entry["session"] for entry in published[1:]} == {"2024-06-01T18:30:03.500+00:00"}
    assert published[-1]["families"] == {"flute": 4.9, "organ": 0.0}


def midnight_evening() -> PracticeEvening:
    """Return an evening that begins at 23:58:20, with a flute that starts to play."""
    evening = PracticeEvening()
    evening.ahead_seconds = 5.0 * 3600 + 28 * 60 + 20
    evening.hub.sound_started()
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    return evening


def days(evening: PracticeEvening) -> list[tuple[str, float]]:
    return [(entry["day"], entry["minutes"]) for entry in evening.bodies("practice")]


def test_publishes_the_last_minute_before_midnight_for_the_old_day() -> None:
    evening = midnight_evening()
    for at in range(8, 87):
        evening.window(float(at), flute=0.9)
    # Played until 23:59:41; detected at 23:59:47.
    evening.window(87.0, ended("flute", 3.5, 87.0, 81.5))
    for at in range(88, 110):
        evening.window(float(at))
    assert days(evening)[-2:] == [("2024-06-01", 1.3), ("2024-06-02", 0.0)]


def test_playing_over_midnight_counts_on_both_days() -> None:
    evening = midnight_evening()
    for at in range(8, 170):
        evening.window(float(at), flute=0.9)
    published = days(evening)
    assert ("2024-06-01", 1.6) in published
    assert [day for day, _ in published] == sorted(day for day, _ in published)
    first = published[[day for day, _ in published].index("2024-06-02")]
    assert first[1] <= 0.2
    evening.window(170.0, ended("flute", 3.5, 170.0, 164.0))
    for at in range(171, 240):
        evening.window(float(at))
    assert days(evening)[-1] == ("2024-06-02", 1.1)


def test_publishes_at_most_one_day_per_window() -> None:
    evening = midnight_evening()
    for at in range(8, 170):
        before = len(evening.bodies("practice"))
        evening.window(float(at), flute=0.9)
        assert len(evening.bodies("practice")) - before <= 1


def test_figures_are_saved_within_a_minute_and_when_sound_ends() -> None:
    evening = PracticeEvening()
    evening.hub.sound_started()
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    evening.window(70.0, ended("flute", 3.5, 70.0, 63.5))
    before = len(evening.saved)
    for at in range(71, 130):
        evening.sessions.describe(Figures(notes=at))
        evening.window(float(at))
    assert len(evening.saved) == before
    evening.window(130.0)
    assert [diary.session.figures.notes for diary in evening.saved[before:]] == [129]  # type: ignore[union-attr]
    evening.sessions.describe(Figures(notes=200))
    evening.deaf("unplugged", 131.0, [])
    assert evening.saved[-1].session.figures.notes == 200  # type: ignore[union-attr]


def test_publishes_an_ended_session_once() -> None:
    evening = PracticeEvening()
    evening.hub.sound_started()
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    evening.window(70.0, ended("flute", 3.5, 70.0, 63.5))
    for at in range(71, 1000):
        evening.window(float(at))
    (last,) = evening.bodies("last_session")
    assert last == {
        "minutes": 1.0,
        "started": "2024-06-01T18:30:03.500+00:00",
        "ended": "2024-06-01T18:31:03.500+00:00",
        "instruments": ["flute"],
    }
    (summary,) = evening.bodies("practice/summary")
    known = {key: value for key, value in summary.items() if value is not None}
    assert known == {
        "started": "2024-06-01T18:30:03.500+00:00",
        "ended": "2024-06-01T18:31:03.500+00:00",
        "minutes": {"flute": 1.0},
    }
    assert evening.bodies("practice")[-1]["session"] is None
    assert len(evening.saved) == 4


def test_history_gets_events_sessions_and_days() -> None:
    history = RecordedHistory()
    evening = PracticeEvening(history)
    evening.hub.sound_started()
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    for at in range(8, 70):
        evening.window(float(at), flute=0.9)
    evening.window(70.0, ended("flute", 3.5, 70.0, 63.5))
    open_event, *renewed, last = history.events
    assert (open_event.reason, open_event.seconds) == ("interrupted", 3.5)
    assert [event.reason for event in renewed] == ["interrupted"] * len(renewed)
    assert len(renewed) == 2
    assert (last.reason, last.seconds, last.family) == (None, 60.0, "flute")
    assert {event.event_id for event in history.events} == {last.event_id}
    assert history.sessions == []
    for at in range(71, 200):
        evening.window(float(at))
    (session,) = history.sessions
    assert session.minutes == {"flute": pytest.approx(1.0)}
    assert history.day(date(2024, 6, 1)).seconds == pytest.approx(60.0)


def test_week_minutes_count_since_monday() -> None:
    history = RecordedHistory()
    for day in range(26, 32):
        history.put_day(DayRecord(date(2024, 5, day), 60.0, {"flute": 60.0}))
    evening = PracticeEvening(history)
    evening.hub.sound_started()
    # 1 June 2024 is a Saturday: Sunday 26 May belongs to the week before.
    published = evening.bodies("practice")[-1]
    assert (published["week_minutes"], published["week_families"]) == (5.0, {"flute": 5.0})


def test_session_also_ends_while_there_is_no_sound() -> None:
    evening = PracticeEvening()
    evening.hub.sound_started()
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    evening.deaf("unplugged", 70.0, [ended("flute", 3.5, 70.0, 63.5)])
    evening.hub.rest()
    assert evening.bodies("last_session") == []
    evening.ahead_seconds = 63.5 + 121
    evening.hub.rest()
    assert len(evening.bodies("last_session")) == 1


def test_publishes_minutes_after_sound_was_lost_in_a_long_session() -> None:
    evening = PracticeEvening()
    evening.hub.sound_started()
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    for at in range(8, 600):
        evening.window(float(at), flute=0.9)
    evening.deaf("unplugged", 600.0, [ended("flute", 3.5, 600.0, 600.0)])
    evening.ahead_seconds = 610.0
    evening.hub.sound_started()
    evening.window(4.0, started("flute", 0.5, 4.0), flute=0.9)
    before = len(evening.bodies("practice"))
    for at in range(5, 305):
        evening.window(float(at), flute=0.9)
    assert len(evening.bodies("practice")) - before == 5


def test_mute_makes_playing_unknown(evening: Evening) -> None:
    evening.hub.sound_muted(8.0, [])
    state, hearing = evening.sent[-2:]
    assert body(state)["playing"] is None
    assert body(hearing)["hearing"] == "muted"


def rates(levels: Any, scores: Any, *, plays: bool, turn: int = 600) -> float:
    """Return messages per minute and node, over ten minutes in 20 places.

    With `plays`, an event starts or ends every `turn` seconds.
    """
    said = 0
    for number in range(20):
        node = Node("box", f"room{number}", ("flute", "organ"), "m", "v")
        practice = Sessions(settle_seconds=10, gap_seconds=120, least_seconds=5)
        evening = Evening(node, practice)
        evening.hub.sound_started()
        for at in range(4, 604):
            score = scores(number, at)
            heard = Heard(float(at), levels(number, at), np.full(2, score, np.float32))
            start = started("flute", 4.0, 7.0, score)
            on = plays and (at - 4) // turn % 2 == 0
            event = start if on else ended("flute", 4.0, float(at), float(at))
            turns = plays and (at - 4) % turn == 0
            evening.hub.observe(observed(heard, [start] if on else [], [event] if turns else []))
        said += len(evening.sent)
    return said / 20 / 10


def test_publishes_less_than_once_a_minute_at_rest() -> None:
    rng = np.random.default_rng(2)
    jitter = rng.normal(-52.0, 0.5, (20, 604)).tolist()
    murmur = rng.uniform(0.0, 0.04, (20, 604)).tolist()
    rate = rates(lambda n, at: jitter[n][at], lambda n, at: murmur[n][at], plays=False)
    # In addition: one message a minute of diagnostics.
    assert rate <= 1.0


def test_publishes_at_most_every_two_seconds_while_playing() -> None:
    rng = np.random.default_rng(3)
    levels = rng.uniform(-40.0, -10.0, (20, 604)).tolist()
    wild = rng.uniform(0.0, 1.0, (20, 604)).tolist()
    rate = rates(lambda n, at: levels[n][at], lambda n, at: wild[n][at], plays=True)
    assert 5 < rate <= 29.0


def test_publishes_at_most_every_two_seconds_with_frequent_events() -> None:
    rng = np.random.default_rng(4)
    levels = rng.uniform(-40.0, -10.0, (20, 604)).tolist()
    wild = rng.uniform(0.0, 1.0, (20, 604)).tolist()
    rate = rates(lambda n, at: levels[n][at], lambda n, at: wild[n][at], plays=True, turn=7)
    assert 15 < rate <= 29.0
