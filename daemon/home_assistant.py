"""Events and states as MQTT messages, and the discovery Home Assistant reads; no socket here."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

from daemon.counters import Counters
from daemon.tracker import EventEnded, EventStarted

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
    """One listening place of a box, as its topics name it."""

    box: str
    name: str
    families: Sequence[str]
    model: str
    version: str
    topic_prefix: str = "timbrel"
    discovery_prefix: str = "homeassistant"

    def topic(self, leaf: str) -> str:
        """A topic of this node."""
        return f"{self.topic_prefix}/{self.name}/{leaf}"

    @property
    def availability_topic(self) -> str:
        """The box's topic, which the broker's will keeps honest."""
        return f"{self.topic_prefix}/{self.box}/availability"


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


def hearing(node: Node, state: str, reason: str | None, since: float) -> Message:
    """Whether sound arrives: `hearing`, `muted`, or `deaf` with the reason, since a wall time."""
    return _state(node, "hearing", {"hearing": state, "reason": reason, "since": iso_time(since)})


def state(
    node: Node, playing: Mapping[str, Playing] | None, level_dbfs: float, now: float
) -> Message:
    """What plays now, loudest first; None: nobody knows, since the node is deaf or muted."""
    families = sorted((playing or {}).items(), key=lambda item: -item[1].score)
    body = {
        "playing": None if playing is None else bool(playing),
        "instrument": None if playing is None else families[0][0] if families else NONE_PLAYING,
        "families": {
            family: {"score": round(entry.score, 2), "since": iso_time(entry.since)}
            for family, entry in families
        },
        "level": round(level_dbfs, 1),
        "updated": iso_time(now),
    }
    return _state(node, "state", body)


def level(node: Node, level_dbfs: float) -> Message:
    """The newest window's level in dBFS."""
    return _state(node, "level", round(level_dbfs, 1))


def diagnostics(node: Node, counters: Counters) -> Message:
    """What happened at the node since the daemon started."""
    return _state(
        node,
        "diagnostics",
        asdict(counters)
        | {
            "lost_seconds": round(counters.lost_seconds, 1),
            "inference_ms": round(counters.inference_ms, 2),
        },
    )


def event(node: Node, happened: EventStarted | EventEnded, event_id: str, onset: float) -> Message:
    """One event; `onset` is the wall time of its onset, from which its other times follow."""
    body: dict[str, Any] = {
        "event_type": "started",
        "event_id": event_id,
        "family": happened.family,
        "onset": iso_time(onset),
        "at": iso_time(onset + happened.at - happened.onset),
        "score": round(happened.score, 3),
        "peak": round(happened.score, 3),
        "node": node.name,
        "model": node.model,
    }
    if isinstance(happened, EventEnded):
        body |= {
            "event_type": "ended",
            "peak": round(happened.peak, 3),
            "ended_at": iso_time(onset + happened.duration_seconds),
            "duration_seconds": round(happened.duration_seconds, 3),
        }
        if happened.reason is not None:
            body["reason"] = happened.reason
    return Message(node.topic("event"), _json(body), qos=1)


def as_late(message: Message) -> Message:
    """The same event for `event/late`, which no automation listens to: it may be long past."""
    body = json.loads(message.payload) | {"late": True}
    return message._replace(topic=f"{message.topic}/late", payload=_json(body))


def discovery(node: Node) -> Message:
    """One device with its entities, as Home Assistant's device-based MQTT discovery takes it."""
    device_id = f"timbrel_{node.name}"
    body = {
        "device": {
            "identifiers": [device_id],
            "name": node.name[0].upper() + node.name[1:].replace("_", " "),
            "manufacturer": "Timbrel",
            "model": node.model,
            "sw_version": node.version,
        },
        "origin": {"name": "Timbrel", "sw_version": node.version},
        "availability_topic": node.availability_topic,
        "components": {
            key: {"unique_id": f"{device_id}_{key}", **component}
            for key, component in _components(node).items()
        },
    }
    topic = f"{node.discovery_prefix}/device/{device_id}/config"
    return Message(topic, _json(body), 1, retain=True)


def _components(node: Node) -> dict[str, dict[str, Any]]:
    """The entities by key, without what they share."""
    known = "{{ none if value_json.playing is none else 'ON' if value_json.playing else 'OFF' }}"
    return {
        "playing": {
            "platform": "binary_sensor",
            "name": "Playing",
            "icon": "mdi:music",
            "state_topic": node.topic("state"),
            "value_template": known,
        },
        "instrument": {
            "platform": "sensor",
            "name": "Instrument",
            "icon": "mdi:guitar-acoustic",
            "device_class": "enum",
            "options": [NONE_PLAYING, *node.families],
            "state_topic": node.topic("state"),
            "value_template": "{{ value_json.instrument }}",
        },
        "heard": {
            "platform": "event",
            "name": "Heard",
            "icon": "mdi:ear-hearing",
            "event_types": ["started", "ended"],
            "state_topic": node.topic("event"),
        },
    }


def _state(node: Node, leaf: str, body: object) -> Message:
    return Message(node.topic(leaf), _json(body), retain=True)


def _json(body: object) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
