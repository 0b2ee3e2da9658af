"""A node as Home Assistant is shown it: one device with all its entities, in one message; pure."""

import re
from typing import Any

import msgspec

from daemon.hub.home_assistant.entities import entities, sensitivity_key
from daemon.hub.home_assistant.entity import Entity, capital, mode, online, without_none
from daemon.hub.messages import Message, Node
from daemon.hub.topics import device_id, device_topic

_NOT_IN_IDS = re.compile("[^a-z0-9]+")


def discovery(node: Node, *, controls: bool = True) -> Message:
    """The node's device; `controls`: whether somebody takes its commands."""
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
        # A list also where one would do: an entity can replace it, and cannot take a key away.
        "availability": online(node),
        **mode(node),
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
    """Return the availability topics that a discovery message refers to; none if it is damaged."""
    try:
        document: Any = msgspec.json.decode(config)
        topics = [entry["topic"] for entry in document["availability"]]
    except (msgspec.MsgspecError, UnicodeDecodeError, LookupError, TypeError, RecursionError):
        return set()
    return {topic for topic in topics if isinstance(topic, str)}


def device_name(node: Node) -> str:
    """Return the name of the node's device: the node's own, readable."""
    return capital(node.name.replace("_", " "))


def entity_ids(node: Node) -> dict[str, str]:
    """Return the ids that the entities get when they are first seen, by their keys."""
    return {entity.key: _entity_id(node, entity) for entity in entities(node, controls=True)}


def _removed(node: Node, *, controls: bool) -> dict[str, Any]:
    """Entities of earlier versions; publishing them without an id removes them."""
    gone = node.families if not controls else [f for f in node.families if f not in node.shown]
    return {sensitivity_key(family): {"platform": "number"} for family in gone}


def _entity_id(node: Node, entity: Entity) -> str:
    """The id that Home Assistant makes of the names of the device and the entity."""
    names = f"{device_name(node)} {entity.name}".lower()
    return f"{entity.platform}.{_NOT_IN_IDS.sub('_', names).strip('_')}"
