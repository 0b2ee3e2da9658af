"""Exact payloads in a fixed time zone."""

import json
from typing import Any

import msgspec
import pytest

from daemon.hearing.shown_scores import ShownScores
from daemon.hearing.tracker import EventEnded, EventStarted
from daemon.hub import messages
from daemon.hub.messages import Message, Node, Playing, as_late, iso_time

NODE = Node(
    box="attic",
    name="living_room",
    families=("drums", "flute", "organ"),
    model="tiny 1",
    version="0.1.0",
    topic_prefix="home/music",
)
# 2024-06-01 18:30:00 UTC, summer in Berlin; and 2024-01-01 00:00:00 UTC, winter.
SUMMER, WINTER = 1_717_266_600.0, 1_704_067_200.0
# The operating point is far below 0.5, so shown scores are higher than the model's.
SHOWN = ShownScores(("flute",), (0.2857,))


pytestmark = pytest.mark.usefixtures("berlin")


def body(message: Message) -> Any:
    return json.loads(message.payload)


@pytest.mark.parametrize(
    ("wall_seconds", "text"),
    [
        (SUMMER, "2024-06-01T20:30:00.000+02:00"),
        (WINTER, "2024-01-01T01:00:00.000+01:00"),
        (SUMMER + 0.25, "2024-06-01T20:30:00.250+02:00"),
        # The last second before and the first of summer time.
        (1_711_846_799.0, "2024-03-31T01:59:59.000+01:00"),
        (1_711_846_800.0, "2024-03-31T03:00:00.000+02:00"),
    ],
)
def test_times_are_local_with_their_offset(wall_seconds: float, text: str) -> None:
    assert iso_time(wall_seconds) == text


@pytest.mark.parametrize(("online", "payload"), [(True, b"online"), (False, b"offline")])
def test_availability_has_the_boxs_topic(online: bool, payload: bytes) -> None:  # noqa: FBT001
    message = messages.availability(NODE, online=online)
    assert message == Message("home/music/attic/availability", payload, 1, retain=True)


def test_hearing_message() -> None:
    message = messages.hearing(NODE, "hearing", None, SUMMER)
    assert message.topic == "home/music/living_room/hearing"
    assert message.retain
    assert body(message) == {
        "hearing": "hearing",
        "reason": None,
        "since": "2024-06-01T20:30:00.000+02:00",
    }


def test_deaf_message_has_a_reason() -> None:
    assert body(messages.hearing(NODE, "deaf", "unplugged", WINTER)) == {
        "hearing": "deaf",
        "reason": "unplugged",
        "since": "2024-01-01T01:00:00.000+01:00",
    }


def test_state_lists_families_by_descending_score() -> None:
    playing = {"flute": Playing(0.612, SUMMER), "organ": Playing(0.987, SUMMER - 60)}
    message = messages.state(NODE, playing, -32.46, SUMMER + 4)
    assert message.topic == "home/music/living_room/state"
    assert message.retain
    assert message.payload == (
        b'{"playing":true,"instrument":"organ","families":'
        b'{"organ":{"score":0.99,"since":"2024-06-01T20:29:00.000+02:00"},'
        b'"flute":{"score":0.61,"since":"2024-06-01T20:30:00.000+02:00"}},'
        b'"level":-32.5,"updated":"2024-06-01T20:30:04.000+02:00"}'
    )


@pytest.mark.parametrize(
    ("playing", "expected"),
    [({}, {"playing": False, "instrument": "none"}), (None, {"playing": None, "instrument": None})],
)
def test_state_distinguishes_silence_from_deafness(
    playing: dict[str, Playing] | None, expected: dict[str, Any]
) -> None:
    assert body(messages.state(NODE, playing, -120.0, SUMMER)) == {
        **expected,
        "families": {},
        "level": -120.0,
        "updated": "2024-06-01T20:30:00.000+02:00",
    }


def test_level_message_is_rounded() -> None:
    assert messages.level(NODE, -41.26) == Message(
        "home/music/living_room/level", b"-41.3", 0, retain=True
    )


def test_message_of_a_started_event() -> None:
    started = EventStarted("flute", onset=3.5, at=7.0, score=0.87654)
    message = messages.event(NODE, started, "abc", SUMMER, SHOWN)
    assert (message.topic, message.qos, message.retain) == (
        "home/music/living_room/event",
        1,
        False,
    )
    assert body(message) == {
        "event_type": "started",
        "event_id": "abc",
        "family": "flute",
        "onset": "2024-06-01T20:30:00.000+02:00",
        "at": "2024-06-01T20:30:03.500+02:00",
        "score": 0.947,
        "peak": 0.947,
        "model_score": 0.877,
        "node": "living_room",
        "model": "tiny 1",
    }


def test_message_of_an_ended_event() -> None:
    ended = EventEnded("flute", 3.5, at=71.0, score=0.1, ended_at=65.25, peak=0.98765)
    message = messages.event(NODE, ended, "abc", SUMMER, SHOWN)
    assert (message.topic, message.qos, message.retain) == (
        "home/music/living_room/event",
        1,
        False,
    )
    assert body(message) == {
        "event_type": "ended",
        "event_id": "abc",
        "family": "flute",
        "onset": "2024-06-01T20:30:00.000+02:00",
        "at": "2024-06-01T20:31:07.500+02:00",
        "score": 0.217,
        "peak": 0.995,
        "model_score": 0.1,
        "node": "living_room",
        "model": "tiny 1",
        "ended_at": "2024-06-01T20:31:01.750+02:00",
        "duration_seconds": 61.75,
    }


def test_forced_end_has_a_reason() -> None:
    ended = EventEnded("flute", 3.5, 9.0, 0.8, 9.0, 0.9, reason="deaf")
    assert body(messages.event(NODE, ended, "abc", SUMMER, SHOWN))["reason"] == "deaf"


def test_late_event_has_its_own_topic_and_a_flag() -> None:
    on_time = messages.event(NODE, EventStarted("flute", 3.5, 7.0, 0.9), "abc", SUMMER, SHOWN)
    late = as_late(on_time)
    assert late.topic == "home/music/living_room/event/late"
    assert (late.qos, late.retain) == (1, False)
    assert body(late) == body(on_time) | {"late": True}


@pytest.mark.parametrize("happened", ["started", "ended"])
def test_late_event_has_the_bytes_of_an_event_encoded_with_the_flag(happened: str) -> None:
    start = EventStarted('größe "flat"', 3.5, 7.0, 0.1 + 0.2)
    end = EventEnded("flute", 3.5, 9.0, 0.8, 9.0, 0.9, reason="deaf")
    message = messages.event(NODE, start if happened == "started" else end, "abc", SUMMER, SHOWN)
    expected = msgspec.json.encode(msgspec.json.decode(message.payload) | {"late": True})
    assert as_late(message).payload == expected


@pytest.mark.parametrize("payload", [b"", b"no JSON", b"[1]", b"{}", b'{"n":1', b"\xff"])
def test_rejects_a_late_event_without_a_json_object(payload: bytes) -> None:
    with pytest.raises(ValueError, match="not a JSON object"):
        as_late(Message("timbrel/room/event", payload, 1))
