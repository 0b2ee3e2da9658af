"""Events and states as MQTT messages; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
from msgspec.structs import fields

from daemon.counters import Counters
from daemon.hearing.contract.labels import slugs
from daemon.hearing.shown_scores import ShownScores
from daemon.hearing.tracker import EventEnded, EventStarted
from daemon.hub import payloads
from daemon.practice.history.records import WeekRecord
from daemon.practice.sessions import Diary
from daemon.practice.summary import Figures, Summary

NONE_PLAYING = "none"
"""The instrument in a state while no family plays."""


class Message(NamedTuple):
    """A message to the broker: states are retained, events have QoS 1."""

    topic: str
    """The full topic."""
    payload: bytes
    """JSON, or plain text; empty to clear a retained message."""
    qos: int = 0
    """MQTT's quality of service: 0, or 1 for a message that the broker acknowledges."""
    retain: bool = False
    """True if the broker keeps the message for later subscribers."""


class Playing(NamedTuple):
    """A family that plays now."""

    score: float
    """The newest score, 0..1."""
    since: float
    """The wall time of the onset, in seconds."""


@dataclass(frozen=True, slots=True)
class Node:
    """One listening place of a box, as MQTT clients see it."""

    box: str
    """The name of the box."""
    name: str
    """The name of the place, which may be that of the box."""
    families: Sequence[str]
    """The families of the model, in the order of its scores."""
    model: str
    """The model's title."""
    version: str
    """The version of Timbrel."""
    topic_prefix: str = "timbrel"
    """The first part of all topics, apart from discovery."""
    discovery_prefix: str = "homeassistant"
    """The first part of the discovery topic."""
    shown: Sequence[str] = ()
    """The families whose entities Home Assistant enables at once."""
    area: str | None = None
    """The area that Home Assistant suggests for the device."""
    url: str | None = None
    """A page about the box."""
    id_suffix: str = ""
    """The end of the device's ids, see `daemon.hub.identity`."""

    def slug(self, family: str) -> str:
        """Return what topics and ids contain of a family; it differs only for other labels."""
        return slugs(tuple(self.families)).get(family, family)

    def topic(self, leaf: str) -> str:
        """Return the topic of this node that ends with `leaf`."""
        return f"{self.topic_prefix}/{self.name}/{leaf}"

    @property
    def availability_topic(self) -> str:
        """The box's topic, which is also that of its MQTT will."""
        return availability_topic(self.topic_prefix, self.box)

    @property
    def place_availability_topic(self) -> str | None:
        """The place's own topic; None if the place has the name of its box."""
        return None if self.name == self.box else availability_topic(self.topic_prefix, self.name)

    @property
    def availability_topics(self) -> list[str]:
        """The box's topic and, if there is one, the place's own."""
        topics = (self.availability_topic, self.place_availability_topic)
        return [topic for topic in topics if topic is not None]


def availability_topic(topic_prefix: str, name: str) -> str:
    """Return the availability topic of a box, or of a place with another name than its box."""
    return f"{topic_prefix}/{name}/availability"


def iso_time(wall_seconds: float) -> str:
    """Return ISO 8601 in local time with its offset, to the millisecond."""
    return (
        datetime.fromtimestamp(round(wall_seconds, 3))
        .astimezone()
        .isoformat(timespec="milliseconds")
    )


def availability(node: Node, *, online: bool) -> Message:
    """Return the box's availability: `online` while the process runs; offline is its MQTT will."""
    return Message(node.availability_topic, b"online" if online else b"offline", 1, retain=True)


def place_availability(node: Node, *, online: bool) -> Message | None:
    """Return the place's own availability: `online` while it is configured.

    Returns None if the place has the name of its box.
    """
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
    """Return whether sound arrives, since a wall time; only `deaf` has a `reason`."""
    body = payloads.Hearing(hearing=state, reason=reason, since=iso_time(since))
    return _state(node, "hearing", body, qos=1)


def state(
    node: Node, playing: Mapping[str, Playing] | None, level_dbfs: float, now: float
) -> Message:
    """Return the families that play, highest score first.

    `playing` is None if that is unknown because the node is deaf or muted. `now` is the wall time.
    """
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
    """Return the newest window's level in dBFS."""
    return _state(node, "level", round(level_dbfs, 1))


def scores(node: Node, scores: Mapping[str, float]) -> Message:
    """Return every family's newest score, also below the threshold."""
    return _state(node, "scores", {family: round(score, 2) for family, score in scores.items()})


def event(
    node: Node,
    happened: EventStarted | EventEnded,
    event_id: str,
    onset: float,
    shown: ShownScores,
) -> Message:
    """Return the start or end of an event.

    `onset` is the wall time of the onset; the other times are computed from it. `shown` maps the
    scores of `happened`, which are the model's.
    """
    score = round(shown.of(happened.family, happened.score), 3)
    body = payloads.EventBody(
        event_type="started",
        event_id=event_id,
        family=happened.family,
        onset=iso_time(onset),
        at=iso_time(onset + happened.at - happened.onset),
        score=score,
        peak=score,
        model_score=round(happened.score, 3),
        node=node.name,
        model=node.model,
    )
    if isinstance(happened, EventEnded):
        body = msgspec.structs.replace(
            body,
            event_type="ended",
            peak=round(shown.of(happened.family, happened.peak), 3),
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


def practice(node: Node, diary: Diary, week: WeekRecord) -> Message:
    """Return the minutes played today and this week, and the start of the current session."""
    session = diary.session
    body = payloads.Practice(
        day=diary.day,
        minutes=_minutes(diary.seconds),
        families={family: _minutes(diary.families.get(family, 0.0)) for family in node.families},
        session=None if session is None else iso_time(session.started),
        week_minutes=_minutes(week.seconds),
        week_families={family: _minutes(seconds) for family, seconds in week.families.items()},
    )
    return _state(node, "practice", body, qos=1)


def last_session(node: Node, summary: Summary) -> Message:
    """Return the last session that ended."""
    body = payloads.LastSession(
        minutes=_minutes(summary.ended - summary.started),
        started=iso_time(summary.started),
        ended=iso_time(summary.ended),
        instruments=list(summary.minutes),
    )
    return _state(node, "last_session", body)


def practice_summary(node: Node, summary: Summary) -> Message:
    """Return the summary of the last session that ended."""
    return _state(node, "practice/summary", summary_payload(summary))


def summary_payload(summary: Summary) -> payloads.PracticeSummary:
    """Return a summary with local times, as its topic and the rows of the history show it."""
    minutes = {f: None if m is None else round(m, 1) for f, m in summary.minutes.items()}
    figures = {field.name: getattr(summary, field.name) for field in fields(Figures)}
    return payloads.PracticeSummary(
        started=iso_time(summary.started),
        ended=iso_time(summary.ended),
        minutes=minutes,
        **figures,
    )


def diagnostics(node: Node, counters: Counters, started: float) -> Message:
    """Return the node's counters since the daemon started; `started` is a wall time."""
    rounded = msgspec.structs.replace(
        counters,
        lost_seconds=round(counters.lost_seconds, 1),
        inference_ms=round(counters.inference_ms, 2),
        practice_ms=round(counters.practice_ms, 2),
    )
    body = payloads.Diagnostics(
        **msgspec.structs.asdict(rounded), model=node.model, started=iso_time(started)
    )
    return _state(node, "diagnostics", body)


def setting(node: Node, leaf: str, value: str) -> Message:
    """Return the current value of a setting that the hub may change."""
    return Message(node.topic(leaf), value.encode(), 1, retain=True)


def _minutes(seconds: float) -> float:
    return round(seconds / 60, 1)


def _state(node: Node, leaf: str, body: object, qos: int = 0) -> Message:
    return Message(node.topic(leaf), msgspec.json.encode(body), qos, retain=True)
