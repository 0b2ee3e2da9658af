"""One entity of a device in Home Assistant, and what several of them share; pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from daemon.hub.messages import Node


class Entity(NamedTuple):
    """`key` is its part of the unique id and never changes; nor may the name, without a reason."""

    key: str
    platform: str
    name: str
    options: Mapping[str, Any]


def online(node: Node) -> list[dict[str, Any]]:
    """The box's topic, and that of a place which is named otherwise."""
    return [{"topic": topic} for topic in node.availability_topics]


def mode(node: Node) -> dict[str, str]:
    """Without a mode the hub believes the newest message of any topic."""
    return {} if node.place_availability_topic is None else {"availability_mode": "all"}


def while_hearing(node: Node) -> dict[str, Any]:
    """Unavailable while the node is deaf or muted, so that stale values are not shown."""
    hears = "{{ 'online' if value_json.hearing == 'hearing' else 'offline' }}"
    return {
        "availability_mode": "all",
        "availability": [*online(node), {"topic": node.topic("hearing"), "value_template": hears}],
    }


def capital(text: str) -> str:
    """The text with a capital letter at its beginning."""
    return text[0].upper() + text[1:]


def without_none(**values: Any) -> dict[str, Any]:
    """The values that are there."""
    return {key: value for key, value in values.items() if value is not None}
