"""One entity of a device in Home Assistant, and options shared by several; pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from daemon.hub.messages import Node


class Entity(NamedTuple):
    """One entity; Home Assistant's automations refer to it, so do not change `key` or `name`."""

    key: str
    """Its part of the unique id."""
    platform: str
    """Home Assistant's platform, such as sensor."""
    name: str
    """Its name, without that of the device; the entity id is derived from it."""
    options: Mapping[str, Any]
    """All other keys of its discovery."""
    id_name: str = ""
    """What the entity id is derived from instead, if the name may have other letters."""


def online_topics(node: Node) -> list[dict[str, Any]]:
    """Return the availability topics of the box and of the place, as discovery lists them."""
    return [{"topic": topic} for topic in node.availability_topics]


def availability_mode(node: Node) -> dict[str, str]:
    """Return the mode that requires all topics to be online; empty if there is only one topic.

    By default the newest message on any of the topics decides.
    """
    return {} if node.place_availability_topic is None else {"availability_mode": "all"}


def while_hearing(node: Node) -> dict[str, Any]:
    """Return options that make an entity unavailable while the node is deaf or muted.

    Otherwise stale values would be shown as current.
    """
    is_hearing = "{{ 'online' if value_json.hearing == 'hearing' else 'offline' }}"
    return {
        "availability_mode": "all",
        "availability": [
            *online_topics(node),
            {"topic": node.topic("hearing"), "value_template": is_hearing},
        ],
    }


def capitalized(text: str) -> str:
    """Return the text with its first letter as a capital; the others stay as they are."""
    return text[0].upper() + text[1:]


def without_none(**values: Any) -> dict[str, Any]:
    """Return the values that are not None."""
    return {key: value for key, value in values.items() if value is not None}
