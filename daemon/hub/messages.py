"""Events and states as MQTT messages; no socket here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from daemon.counters import Counters
from daemon.hearing.tracker import EventEnded, EventStarted
from daemon.hub import payloads
from daemon.practice.sessions import Diary, Session

NONE_PLAYING = "none"


class Message(NamedTuple):
    """What goes to the broker: states are retained, events are acknowledged (QoS 1)."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


class Playing(NamedTuple):
    """A family that plays now: its newest score and the wall time of its onset."""

    score: float
    since: float


@dataclass(frozen=True, slots=True)
class Node:
    """One listening place of a box, as its topics name it.

    `shown` are the families whose entities the hub enables at once; `url` is a page about the box;
    `id_suffix` ends the ids of its device, see `daemon.hub.identity`.
    """

    box: str
    name: str
    families: Sequence[str]
    model: str
    version: str
    topic_prefix: str = "timbrel"
    discovery_prefix: str = "homeassistant"
    shown: Sequence[str] = ()
    area: str | None = None
    url: str | None = None
    id_suffix: str = ""

    def topic(self, leaf: str) -> str:
        """A topic of this node."""
        return f"{self.topic_prefix}/{self.name}/{leaf}"

    @property
    def availability_topic(self) -> str:
        """The box's topic, which the broker's will keeps honest."""
        return availability_topic(self.topic_prefix, self.box)

    @property
    def place_availability_topic(self) -> str | None:
        """The place's own topic; None for a place that is named as its box."""
        return None if self.name == self.box else availability_topic(self.topic_prefix, self.name)

    @property
    def availability_topics(self) -> list[str]:
        """Both, or the one that there is."""
        topics = (self.availability_topic, self.place_availability_topic)
        return [topic for topic in topics if topic is not None]


def availability_topic(topic_prefix: str, name: str) -> str:
    """Return where a box, or a place that is named otherwise, publishes whether it is there."""
    return f"{topic_prefix}/{name}/availability"


def iso_time(wall_seconds: float) -> str:
    """ISO 8601 in local time with its offset, to the millisecond."""
    return (
        datetime.fromtimestamp(round(wall_seconds, 3))
        .astimezone()
        .isoformat(timespec="milliseconds")
    )


def availability(node: Node, *, online: bool) -> Message:
    """Whether the process lives; `online=False` is also the will."""
    return Message(node.availability_topic, b"online" if online else b"offline", 1, retain=True)


def place_availability(node: Node, *, online: bool) -> Message | None:
    """Whether the place is configured; None for a place that is named as its box."""
    topic = node.place_availability_topic
    if topic is None:
        return None
    return Message(topic, b"online" if online else b"offline", 1, retain=True)


def hearing(
    node: Node,
    state: Literal["hearing", "deaf", "muted"],
    reason: str | None,
    since: float,
) -> Message:
    """Whether sound arrives, since a wall time; `deaf` has a reason."""
    body = payloads.Hearing(hearing=state, reason=reason, since=iso_time(since))
    return _state(node, "hearing", body, qos=1)


def state(
    node: Node, playing: Mapping[str, Playing] | None, level_dbfs: float, now: float
) -> Message:
    """What plays now, loudest first; None: nobody knows, since the node is deaf or muted."""
    families = sorted((playing or {}).items(), key=lambda item: -item[1].score)
    body = payloads.State(
        playing=None if playing is None else bool(playing),
        instrument=None if playing is None else families[0][0] if families else NONE_PLAYING,
        families={
            family: payloads.Sounding(score=round(entry.score, 2), since=iso_time(entry.since))
            for family, entry in families
        },
        level=round(level_dbfs, 1),
        updated=iso_time(now),
    )
    return _state(node, "state", body)


def level(node: Node, level_dbfs: float) -> Message:
    """The newest window's level in dBFS."""
    return _state(node, "level", round(level_dbfs, 1))


def scores(node: Node, scores: Mapping[str, float]) -> Message:
    """Every family's newest score, whether it counts or not."""
    return _state(node, "scores", {family: round(score, 2) for family, score in scores.items()})


def event(node: Node, happened: EventStarted | EventEnded, event_id: str, onset: float) -> Message:
    """One event; `onset` is the wall time of its onset, from which its other times follow."""
    body = payloads.EventBody(
        event_type="started",
        event_id=event_id,
        family=happened.family,
        onset=iso_time(onset),
        at=iso_time(onset + happened.at - happened.onset),
        score=round(happened.score, 3),
        peak=round(happened.score, 3),
        node=node.name,
        model=node.model,
    )
    if isinstance(happened, EventEnded):
        body = msgspec.structs.replace(
            body,
            event_type="ended",
            peak=round(happened.peak, 3),
            ended_at=iso_time(onset + happened.duration_seconds),
            duration_seconds=round(happened.duration_seconds, 3),
            reason=msgspec.UNSET if happened.reason is None else happened.reason,
        )
    return Message(node.topic("event"), msgspec.json.encode(body), qos=1)


def as_late(message: Message) -> Message:
    """Return the event for `event/late`, which triggers no automation: it may be long past.

    The key is appended to the JSON text, so that events of an earlier process need no decoding
    either. Raises ValueError if the payload is not a JSON object.
    """
    payload = message.payload.strip()
    if not (payload.startswith(b'{"') and payload.endswith(b"}")):
        raise ValueError("not a JSON object")
    late = payload[:-1] + b',"late":true}'
    return message._replace(topic=f"{message.topic}/late", payload=late)


def practice(node: Node, diary: Diary) -> Message:
    """What was played today and since when the present session lasts."""
    session = diary.session
    body = payloads.Practice(
        day=diary.day,
        minutes=_minutes(diary.seconds),
        families={family: _minutes(diary.families.get(family, 0.0)) for family in node.families},
        session=None if session is None else iso_time(session.started),
    )
    return _state(node, "practice", body, qos=1)


def last_session(node: Node, session: Session) -> Message:
    """A session that has ended."""
    body = payloads.LastSession(
        minutes=_minutes(session.seconds),
        started=iso_time(session.started),
        ended=iso_time(session.started + session.seconds),
        instruments=list(session.families),
    )
    return _state(node, "last_session", body)


def diagnostics(node: Node, counters: Counters, started: float) -> Message:
    """What happened at the node since the daemon started, at a wall time."""
    rounded = msgspec.structs.replace(
        counters,
        lost_seconds=round(counters.lost_seconds, 1),
        inference_ms=round(counters.inference_ms, 2),
    )
    body = payloads.Diagnostics(
        **msgspec.structs.asdict(rounded), model=node.model, started=iso_time(started)
    )
    return _state(node, "diagnostics", body)


def setting(node: Node, leaf: str, value: str) -> Message:
    """The value of a setting that the hub may change, as it is in force."""
    return Message(node.topic(leaf), value.encode(), 1, retain=True)


def _minutes(seconds: float) -> float:
    return round(seconds / 60, 1)


def _state(node: Node, leaf: str, body: object, qos: int = 0) -> Message:
    return Message(node.topic(leaf), msgspec.json.encode(body), qos, retain=True)
