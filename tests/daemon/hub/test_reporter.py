"""What the hub is told of a scripted evening, window by window."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from daemon.hearing.scorer import Heard
from daemon.hearing.tracker import Event, EventEnded, EventStarted
from daemon.hub.messages import Message, Node
from daemon.hub.reporter import Reporter
from daemon.mqtt.outbox.outbox import Outbox
from daemon.practice.sessions import Diary, Sessions
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
    """A hub whose messages are kept, and a wall clock that may jump."""

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
        """Tell one window; returns what it sent."""
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
    """An evening that has begun: hearing, the first level and state are told."""
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


def test_a_connection_begins_with_the_device_and_online() -> None:
    hub = Evening().hub
    discovery, online = hub.birth_messages(discovery=True)
    assert discovery.topic == "homeassistant/device/timbrel_timbrel/config"
    assert (online.topic, online.payload) == ("timbrel/timbrel/availability", b"online")
    assert hub.birth_messages(discovery=False) == [online]


def test_place_named_otherwise_than_its_box_says_online_on_both_topics() -> None:
    hub = Evening(Node("attic", "porch", ("flute",), "tiny 1", "0.1.0")).hub
    said = [(message.topic, message.payload) for message in hub.birth_messages(discovery=False)]
    assert said == [
        ("timbrel/attic/availability", b"online"),
        ("timbrel/porch/availability", b"online"),
    ]


def test_hearing_is_told_when_sound_begins() -> None:
    evening = Evening()
    evening.hub.sound_started()
    (hearing,) = evening.sent
    assert leaves([hearing]) == ["hearing"]
    assert body(hearing) == {
        "hearing": "hearing", "reason": None, "since": "2024-06-01T18:30:00.000+00:00",
    }  # fmt: skip


def test_the_first_window_tells_state_and_level() -> None:
    evening = Evening()
    evening.hub.sound_started()
    state, level, scores = evening.window(4.0, level_dbfs=-33.33)
    assert leaves([state, level, scores]) == ["state", "level", "scores"]
    assert body(state)["playing"] is False
    assert body(state)["updated"] == "2024-06-01T18:30:04.000+00:00"
    assert level.payload == b"-33.3"
    assert body(scores) == {"flute": 0.0, "organ": 0.0}


def test_windows_that_bring_nothing_new_are_not_told(evening: Evening) -> None:
    assert [evening.window(float(at)) for at in range(5, 100)] == [[]] * 95


def test_an_event_is_told_before_the_state_it_changes(evening: Evening) -> None:
    event, state = evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    assert leaves([event, state]) == ["event", "state"]
    assert body(event).keys() >= REQUIRED
    assert body(event)["event_type"] == "started"
    assert body(event)["onset"] == "2024-06-01T18:30:03.500+00:00"
    assert body(event)["at"] == "2024-06-01T18:30:07.000+00:00"
    assert body(state)["families"] == {
        "flute": {"score": 0.9, "since": "2024-06-01T18:30:03.500+00:00"}
    }


def test_the_end_has_the_id_and_the_onset_of_the_start(evening: Evening) -> None:
    start, *_ = evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    end, state = evening.window(15.0, ended("flute", 3.5, 15.0, 9.5))
    assert body(end).keys() >= REQUIRED | {"ended_at", "duration_seconds"}
    assert body(end)["event_id"] == body(start)["event_id"]
    assert body(end)["onset"] == body(start)["onset"]
    assert body(end)["ended_at"] == "2024-06-01T18:30:09.500+00:00"
    assert body(end)["duration_seconds"] == 6.0
    assert body(state)["families"] == {}


def test_every_event_has_an_id_of_its_own(evening: Evening) -> None:
    ids = set()
    for at in range(10, 30, 10):
        both = [started("flute", at - 4, at), started("organ", at - 4, at)]
        ids |= {body(m)["event_id"] for m in evening.window(at, *both, flute=0.9, organ=0.9)[:2]}
        evening.window(at + 5, ended("flute", at - 4, at + 5, at), ended("organ", at - 4, at, at))
    assert len(ids) == 4
    assert all(len(identifier) >= 16 for identifier in ids)


@pytest.mark.parametrize(
    ("score", "told"), [(0.9, []), (0.85, []), (0.81, []), (0.79, ["state"]), (0.99, [])]
)
def test_state_is_told_when_a_score_moved_by_a_tenth(
    score: float,
    told: list[str],
    evening: Evening,
) -> None:
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    assert evening.window(16.9, flute=score) == []
    assert leaves(evening.window(17.0, flute=score)) == told


def test_a_slow_drift_of_a_score_is_told_a_tenth_at_a_time(evening: Evening) -> None:
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    drift = np.arange(0.89, 0.5, -0.01)
    told = [
        score
        for second, score in enumerate(drift)
        if evening.window(8.0 + second, flute=float(score))
    ]
    assert 3 <= len(told) <= 4
    assert np.all(np.diff([0.9, *told]) < -0.099)


def test_state_is_told_when_the_families_change(evening: Evening) -> None:
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    _, state = evening.window(9.0, started("organ", 5.5, 9.0), flute=0.9, organ=0.7)
    assert list(body(state)["families"]) == ["flute", "organ"]
    _, state = evening.window(15.0, ended("flute", 3.5, 15.0, 9.0), organ=0.7)
    assert list(body(state)["families"]) == ["organ"]
    assert body(state)["families"]["organ"]["since"] == "2024-06-01T18:30:05.500+00:00"


def test_level_is_told_at_most_every_ten_seconds_and_when_it_moved_three_decibels() -> None:
    evening = Evening()
    evening.hub.sound_started()
    levels = {4: -30.0, 5: -50.0, 13: -50.0, 14: -50.0, 24: -52.9, 25: -53.0, 34: -20.0, 35: -20.0}
    told = {
        at: [m.payload for m in evening.window(at, level_dbfs=db) if m.topic.endswith("level")]
        for at, db in levels.items()
    }
    assert {at: payloads[0] for at, payloads in told.items() if payloads} == {
        4: b"-30.0", 14: b"-50.0", 25: b"-53.0", 35: b"-20.0",
    }  # fmt: skip


def test_deafness_ends_events_and_makes_playing_unknown(evening: Evening) -> None:
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


def test_a_good_end_is_silence_and_not_deafness(evening: Evening) -> None:
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    event, state = evening.end(9.0, [ended("flute", 3.5, 9.0, 9.0)])
    assert leaves([event, state]) == ["event", "state"]
    assert body(state)["playing"] is False
    assert body(state)["instrument"] == "none"


def test_the_last_state_has_the_newest_level(evening: Evening) -> None:
    evening.window(7.0, level_dbfs=-29.0)
    (state,) = evening.end(8.0, [])
    assert body(state)["level"] == -29.0


def test_hearing_again_tells_state_and_level_again(evening: Evening) -> None:
    evening.deaf("unplugged", 8.0, [])
    before = len(evening.sent)
    evening.hub.sound_started()
    evening.window(4.0)
    assert leaves(evening.sent[before:]) == ["hearing", "state", "level", "scores"]
    assert body(evening.sent[-3])["playing"] is False


@pytest.mark.parametrize("jump_seconds", [3_600.0, -3_600.0])
def test_a_jump_of_the_wall_clock_changes_neither_durations_nor_ids(
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


def test_an_open_event_leaves_its_end_as_a_will(evening: Evening) -> None:
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


def test_wills_follow_what_was_heard_every_thirty_seconds(evening: Evening) -> None:
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


def test_the_wall_clock_is_asked_once_a_window() -> None:
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


def test_scores_are_published_every_five_seconds_and_only_while_they_move() -> None:
    sent: list[Message] = []
    hub = Reporter(NODE, sent.append, Outbox(), lambda at: BEGAN + at)
    hub.sound_started()
    rng = np.random.default_rng(1)
    for at in range(4, 124):
        scores = rng.random(2).astype(np.float32) if at < 64 else np.full(2, 0.3, np.float32)
        hub.observe(observed(Heard(float(at), -30.0, scores), [], []))
    told = [body(message) for message in sent if message.topic.endswith("/scores")]
    assert len(told) == 12 + 1
    assert told[-1] == {"flute": 0.3, "organ": 0.3}


def test_scores_lag_by_at_most_five_seconds_while_one_family_plays(evening: Evening) -> None:
    """Everything moves in every window here: scores come first, and no minute has 30 messages."""
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
    # Beside these: one message a minute about the listener itself, and two about practice.
    assert 20 < max(minutes) <= 26


def test_scores_lag_by_at_most_five_seconds_while_one_family_comes_and_goes() -> None:
    """A start or an end every ten seconds, and everything else moves in every window too."""
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
    """Two families, one of which starts or ends every four seconds, as in a medley."""
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


class Diarist(Evening):
    """An evening whose practice is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.remembered: list[Diary] = []
        practice = Sessions(settle_seconds=10, gap_seconds=120, least_seconds=5)
        self.hub = Reporter(
            *(NODE, self.sent.append, self, self.wall_at),
            sessions=practice,
            save=self.remembered.append,
        )

    def told(self, leaf: str) -> list[Any]:
        return [body(m) for m in self.sent if m.topic.endswith(f"/{leaf}")]


def test_minutes_are_told_once_a_minute_and_remembered_as_often() -> None:
    evening = Diarist()
    evening.hub.sound_started()
    evening.window(4.0)
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    for at in range(8, 308):
        evening.window(float(at), flute=0.9)
    told = evening.told("practice")
    assert len(told) == len(evening.remembered) == 2 + 5
    assert [entry["minutes"] for entry in told[2:]] == [0.9, 1.9, 2.9, 3.9, 4.9]
    assert told[0]["session"] is None
    assert {entry["session"] for entry in told[1:]} == {"2024-06-01T18:30:03.500+00:00"}
    assert told[-1]["families"] == {"flute": 4.9, "organ": 0.0}


def midnight_evening() -> Diarist:
    """It begins at 23:58:20."""
    evening = Diarist()
    evening.ahead_seconds = 5.0 * 3600 + 28 * 60 + 20
    evening.hub.sound_started()
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    return evening


def days(evening: Diarist) -> list[tuple[str, float]]:
    return [(entry["day"], entry["minutes"]) for entry in evening.told("practice")]


def test_last_minute_before_midnight_is_told_for_the_old_day() -> None:
    evening = midnight_evening()
    for at in range(8, 87):
        evening.window(float(at), flute=0.9)
    # Played until 23:59:41; known at 23:59:47.
    evening.window(87.0, ended("flute", 3.5, 87.0, 81.5))
    for at in range(88, 110):
        evening.window(float(at))
    assert days(evening)[-2:] == [("2024-06-01", 1.3), ("2024-06-02", 0.0)]


def test_who_plays_over_midnight_has_the_minutes_on_both_days() -> None:
    evening = midnight_evening()
    for at in range(8, 170):
        evening.window(float(at), flute=0.9)
    told = days(evening)
    assert ("2024-06-01", 1.6) in told
    assert [day for day, _ in told] == sorted(day for day, _ in told)
    first = told[[day for day, _ in told].index("2024-06-02")]
    assert first[1] <= 0.2
    evening.window(170.0, ended("flute", 3.5, 170.0, 164.0))
    for at in range(171, 240):
        evening.window(float(at))
    assert days(evening)[-1] == ("2024-06-02", 1.1)


def test_two_days_are_not_told_at_once_since_the_broker_gets_the_newest_state_alone() -> None:
    evening = midnight_evening()
    for at in range(8, 170):
        before = len(evening.told("practice"))
        evening.window(float(at), flute=0.9)
        assert len(evening.told("practice")) - before <= 1


def test_a_session_that_ended_is_told_once() -> None:
    evening = Diarist()
    evening.hub.sound_started()
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    evening.window(70.0, ended("flute", 3.5, 70.0, 63.5))
    for at in range(71, 1000):
        evening.window(float(at))
    (last,) = evening.told("last_session")
    assert last == {
        "minutes": 1.0,
        "started": "2024-06-01T18:30:03.500+00:00",
        "ended": "2024-06-01T18:31:03.500+00:00",
        "instruments": ["flute"],
    }
    assert evening.told("practice")[-1]["session"] is None
    assert len(evening.remembered) == 4


def test_a_session_also_ends_while_nobody_listens() -> None:
    evening = Diarist()
    evening.hub.sound_started()
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    evening.deaf("unplugged", 70.0, [ended("flute", 3.5, 70.0, 63.5)])
    evening.hub.rest()
    assert evening.told("last_session") == []
    evening.ahead_seconds = 63.5 + 121
    evening.hub.rest()
    assert len(evening.told("last_session")) == 1


def test_minutes_are_published_every_minute_after_sound_was_lost_in_a_long_session() -> None:
    evening = Diarist()
    evening.hub.sound_started()
    evening.window(7.0, started("flute", 3.5, 7.0), flute=0.9)
    for at in range(8, 600):
        evening.window(float(at), flute=0.9)
    evening.deaf("unplugged", 600.0, [ended("flute", 3.5, 600.0, 600.0)])
    evening.ahead_seconds = 610.0
    evening.hub.sound_started()
    evening.window(4.0, started("flute", 0.5, 4.0), flute=0.9)
    before = len(evening.told("practice"))
    for at in range(5, 305):
        evening.window(float(at), flute=0.9)
    assert len(evening.told("practice")) - before == 5


def test_muting_makes_playing_unknown_and_says_so(evening: Evening) -> None:
    evening.hub.sound_muted(8.0, [])
    state, hearing = evening.sent[-2:]
    assert body(state)["playing"] is None
    assert body(hearing)["hearing"] == "muted"


def rates(levels: Any, scores: Any, *, plays: bool, turn: int = 600) -> float:
    """Messages a minute and node, of ten minutes in 20 places; an event every `turn` seconds."""
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


def test_at_rest_a_node_says_next_to_nothing() -> None:
    rng = np.random.default_rng(2)
    jitter = rng.normal(-52.0, 0.5, (20, 604)).tolist()
    murmur = rng.uniform(0.0, 0.04, (20, 604)).tolist()
    rate = rates(lambda n, at: jitter[n][at], lambda n, at: murmur[n][at], plays=False)
    # Beside these one message a minute about the listener itself.
    assert rate <= 1.0


def test_while_it_plays_a_node_says_no_more_than_every_two_seconds() -> None:
    rng = np.random.default_rng(3)
    levels = rng.uniform(-40.0, -10.0, (20, 604)).tolist()
    wild = rng.uniform(0.0, 1.0, (20, 604)).tolist()
    rate = rates(lambda n, at: levels[n][at], lambda n, at: wild[n][at], plays=True)
    assert 5 < rate <= 29.0


def test_an_event_every_seven_seconds_is_still_no_more_than_every_two_seconds() -> None:
    rng = np.random.default_rng(4)
    levels = rng.uniform(-40.0, -10.0, (20, 604)).tolist()
    wild = rng.uniform(0.0, 1.0, (20, 604)).tolist()
    rate = rates(lambda n, at: levels[n][at], lambda n, at: wild[n][at], plays=True, turn=7)
    assert 15 < rate <= 29.0
