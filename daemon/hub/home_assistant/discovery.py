"""The discovery message of a node: one device with all its entities; pure."""

import re
from typing import Any

import msgspec

from daemon.hub.controls import sensitivity_leaf
from daemon.hub.home_assistant.entities import entities
from daemon.hub.home_assistant.entity import (
    Entity,
    availability_mode,
    capitalized,
    online_topics,
    without_none,
)
from daemon.hub.messages import Message, Node
from daemon.hub.topics import device_id, device_topic

_NOT_IN_IDS = re.compile("[^a-z0-9]+")


def discovery(node: Node, *, controls: bool = True) -> Message:
    """Return the node's discovery message; with `controls` if the node accepts commands."""
    ids = device_id(node.name, node.id_suffix)
    topic = device_topic(node.discovery_prefix, node.name, node.id_suffix)
    device = without_none(
        identifiers=[ids],
        name=device_name(node),
        manufacturer="Timbrel",
        model=node.model,
        sw_version=node.version,
        suggested_area=node.area,
        configuration_url=node.url,
    )
    body = {
        "device": device,
        "origin": {"name": "Timbrel", "sw_version": node.version},
        # Always a list, even of one topic: an entity can replace the key, but not remove it.
        "availability": online_topics(node),
        **availability_mode(node),
        "components": {
            entity.key: {
                "platform": entity.platform,
                "unique_id": f"{ids}_{entity.key}",
                "default_entity_id": _entity_id(node, entity),
                "name": entity.name,
                **entity.options,
            }
            for entity in entities(node, controls=controls)
        }
        | _removed(node, controls=controls),
    }
    return Message(topic, msgspec.json.encode(body), 1, retain=True)


def availability_of(config: bytes) -> set[str]:
    """Return the availability topics in a discovery message; empty if it is damaged."""
    try:
        document: Any = msgspec.json.decode(config)
        topics = [entry["topic"] for entry in document["availability"]]
    except (msgspec.MsgspecError, UnicodeDecodeError, LookupError, TypeError, RecursionError):
        return set()
    return {topic for topic in topics if isinstance(topic, str)}


def device_name(node: Node) -> str:
    """Return the name of the node's device: the node's name with spaces and a capital letter."""
    return capitalized(node.name.replace("_", " "))


def entity_ids(node: Node) -> dict[str, str]:
    """Return the entity ids that Home Assistant assigns at first, by the entities' keys."""
    return {entity.key: _entity_id(node, entity) for entity in entities(node, controls=True)}


def _removed(node: Node, *, controls: bool) -> dict[str, Any]:
    """Entities of earlier versions; publishing them without an id removes them."""
    gone = node.families if not controls else [f for f in node.families if f not in node.shown]
    return {sensitivity_leaf(node, family): {"platform": "number"} for family in gone}


def _entity_id(node: Node, entity: Entity) -> str:
    """Return the id that Home Assistant derives from the names of the device and the entity."""
    names = f"{device_name(node)} {entity.id_name or entity.name}".lower()
    return f"{entity.platform}.{_NOT_IN_IDS.sub('_', names).strip('_')}"
