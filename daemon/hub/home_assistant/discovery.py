"""A node as Home Assistant is shown it: one device with all its entities, in one message; pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from daemon.hub.controls import CONTROLS, SENSITIVITY, Control
from daemon.hub.messages import NONE_PLAYING, Message, Node
from daemon.hub.topics import device_id, device_topic

_ICONS = {
    "bass": "mdi:music-clef-bass",
    "brass": "mdi:trumpet",
    "drums": "mdi:music-box",
    "flute": "mdi:weather-windy",
    "guitar": "mdi:guitar-acoustic",
    "keyboard": "mdi:piano",
    "mallet": "mdi:instrument-triangle",
    "organ": "mdi:church",
    "reed": "mdi:saxophone",
    "string": "mdi:violin",
    "synth_lead": "mdi:sine-wave",
    "vocal": "mdi:microphone-variant",
}
_OTHER_ICON = "mdi:music-note"
_MINUTES = {
    "device_class": "duration",
    "unit_of_measurement": "min",
    "suggested_display_precision": 0,
}
_DIAGNOSTIC = {"entity_category": "diagnostic"}
_NOT_IN_IDS = re.compile("[^a-z0-9]+")
_HIDDEN = {"enabled_by_default": False}
_EVENTS = ("started", "ended")


class _Entity(NamedTuple):
    """`key` is its part of the unique id and never changes; nor may the name, without a reason."""

    key: str
    platform: str
    name: str
    options: Mapping[str, Any]


def discovery(node: Node, *, controls: bool = True) -> Message:
    """The node's device; `controls`: whether somebody takes its commands."""
    ids = device_id(node.name, node.id_suffix)
    topic = device_topic(node.discovery_prefix, node.name, node.id_suffix)
    device = _without_none(
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
        "availability": _online(node),
        **_mode(node),
        "components": {
            entity.key: {
                "platform": entity.platform,
                "unique_id": f"{ids}_{entity.key}",
                "default_entity_id": _entity_id(node, entity),
                "name": entity.name,
                **entity.options,
            }
            for entity in _entities(node, controls=controls)
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
    return _capital(node.name.replace("_", " "))


def spoken(family: str) -> str:
    """Return a family's name as people read it."""
    return _capital(family.replace("_", " "))


def entity_ids(node: Node) -> dict[str, str]:
    """Return the ids that the entities get when they are first seen, by their keys."""
    return {entity.key: _entity_id(node, entity) for entity in _entities(node, controls=True)}


def _entities(node: Node, *, controls: bool) -> Iterator[_Entity]:
    yield from _music(node)
    for family in node.families:
        yield from _of_family(node, family)
    yield from _listener(node)
    if controls:
        yield from (_control(node, control) for control in CONTROLS)
        yield from (_sensitivity(node, family) for family in node.shown)


def _removed(node: Node, *, controls: bool) -> dict[str, Any]:
    """Entities of earlier versions; publishing them without an id removes them."""
    gone = node.families if not controls else [f for f in node.families if f not in node.shown]
    return {_sensitivity_key(family): {"platform": "number"} for family in gone}


def _music(node: Node) -> Iterator[_Entity]:
    known = "{{ none if value_json.playing is none else 'ON' if value_json.playing else 'OFF' }}"
    state, practice = node.topic("state"), node.topic("practice")
    yield _Entity(
        "playing",
        "binary_sensor",
        "Playing",
        {"icon": "mdi:music", "state_topic": state, "value_template": known},
    )
    yield _Entity(
        "instrument",
        "sensor",
        "Instrument",
        {
            "icon": "mdi:guitar-acoustic",
            "device_class": "enum",
            "options": [NONE_PLAYING, *node.families],
            "state_topic": state,
            "value_template": "{{ value_json.instrument }}",
        },
    )
    yield _Entity(
        "heard",
        "event",
        "Heard",
        {
            # `played` says the same and more. Boxes that have it enabled keep it so.
            **_HIDDEN,
            "icon": "mdi:ear-hearing",
            "event_types": _EVENTS,
            "state_topic": node.topic("event"),
        },
    )
    typed = "dict(value_json, event_type=value_json.family ~ '_' ~ value_json.event_type)"
    yield _Entity(
        "played",
        "event",
        "Played",
        {
            "icon": "mdi:music-note",
            "event_types": [f"{family}_{what}" for family in node.families for what in _EVENTS],
            "state_topic": node.topic("event"),
            "value_template": f"{{{{ {typed} | tojson }}}}",
            # An event that becomes available again looks like a new one in the hub's activity.
            "availability": [{**_online(node)[0], "value_template": "online"}],
        },
    )
    yield _Entity(
        "minutes_today",
        "sensor",
        "Minutes today",
        {
            **_MINUTES,
            "icon": "mdi:timer-music-outline",
            "state_class": "total_increasing",
            "state_topic": practice,
            "value_template": "{{ value_json.minutes }}",
        },
    )
    yield _Entity(
        "session",
        "sensor",
        "Session",
        {
            "icon": "mdi:music-circle-outline",
            "device_class": "timestamp",
            "state_topic": practice,
            "value_template": "{{ value_json.session }}",
        },
    )
    yield _Entity(
        "last_session",
        "sensor",
        "Last session",
        {
            **_MINUTES,
            "icon": "mdi:history",
            "state_topic": node.topic("last_session"),
            "value_template": "{{ value_json.minutes }}",
            "json_attributes_topic": node.topic("last_session"),
            "json_attributes_template": (
                "{{ {'instruments': value_json.instruments, 'started': value_json.started, "
                "'ended': value_json.ended} | tojson }}"
            ),
        },
    )


def _of_family(node: Node, family: str) -> Iterator[_Entity]:
    name = spoken(family)
    common = {
        "icon": _ICONS.get(family, _OTHER_ICON),
        "enabled_by_default": family in node.shown,
    }
    yield _Entity(
        f"{family}_playing",
        "binary_sensor",
        name,
        {
            **common,
            "state_topic": node.topic("state"),
            "value_template": (
                "{{ none if value_json.playing is none "
                f"else 'ON' if '{family}' in value_json.families else 'OFF' }}}}"
            ),
        },
    )
    yield _Entity(
        f"{family}_minutes_today",
        "sensor",
        f"{name} minutes today",
        {
            **common,
            **_MINUTES,
            "state_class": "total_increasing",
            "state_topic": node.topic("practice"),
            "value_template": f"{{{{ value_json.families['{family}'] }}}}",
        },
    )
    yield _Entity(
        f"{family}_score",
        "sensor",
        f"{name} score",
        {
            **common,
            **_HIDDEN,
            **_DIAGNOSTIC,
            "state_class": "measurement",
            "suggested_display_precision": 2,
            "state_topic": node.topic("scores"),
            "value_template": f"{{{{ value_json['{family}'] }}}}",
            **_while_hearing(node),
        },
    )


def _listener(node: Node) -> Iterator[_Entity]:
    hearing = node.topic("hearing")
    yield _Entity(
        "hearing",
        "binary_sensor",
        "Hearing",
        {
            **_DIAGNOSTIC,
            "icon": "mdi:microphone",
            "state_topic": hearing,
            "value_template": "{{ 'ON' if value_json.hearing == 'hearing' else 'OFF' }}",
            "json_attributes_topic": hearing,
        },
    )
    yield _Entity(
        "level",
        "sensor",
        "Level",
        {
            **_DIAGNOSTIC,
            "icon": "mdi:waveform",
            "unit_of_measurement": "dBFS",
            "state_class": "measurement",
            "suggested_display_precision": 0,
            "state_topic": node.topic("level"),
            **_while_hearing(node),
        },
    )
    yield from (
        _Entity(
            key,
            "sensor",
            name,
            {
                **_DIAGNOSTIC,
                **options,
                "state_topic": node.topic("diagnostics"),
                "value_template": f"{{{{ value_json.{key} | default(none) }}}}",
            },
        )
        for key, name, options in _DIAGNOSTICS
    )


_DIAGNOSTICS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "inference_ms",
        "Inference time",
        {
            **_HIDDEN,
            "icon": "mdi:speedometer",
            "device_class": "duration",
            "unit_of_measurement": "ms",
            "state_class": "measurement",
            "suggested_display_precision": 1,
        },
    ),
    (
        "lost_seconds",
        "Lost sound",
        {
            "icon": "mdi:microphone-minus",
            "device_class": "duration",
            "unit_of_measurement": "s",
            "state_class": "total_increasing",
            "suggested_display_precision": 0,
        },
    ),
    (
        "queued",
        "Queued events",
        {**_HIDDEN, "icon": "mdi:tray-full", "state_class": "measurement"},
    ),
    ("model", "Model", {"icon": "mdi:brain"}),
    ("started", "Running since", {"icon": "mdi:restart", "device_class": "timestamp"}),
)


def _control(node: Node, control: Control) -> _Entity:
    topics = {"command_topic": node.topic(f"{control.leaf}/set")}
    if control.platform != "button":
        topics["state_topic"] = node.topic(control.leaf)
    options = {"icon": control.icon, "entity_category": "config", **topics, **control.options}
    return _Entity(control.leaf, control.platform, control.name, options)


def _sensitivity(node: Node, family: str) -> _Entity:
    leaf = _sensitivity_key(family)
    name = f"{spoken(family)} sensitivity"
    return _control(node, SENSITIVITY._replace(leaf=leaf, name=name))


def _sensitivity_key(family: str) -> str:
    return f"{SENSITIVITY.leaf}_{family}"


def _online(node: Node) -> list[dict[str, Any]]:
    """The box's topic, and that of a place which is named otherwise."""
    return [{"topic": topic} for topic in node.availability_topics]


def _mode(node: Node) -> dict[str, str]:
    """Without a mode the hub believes the newest message of any topic."""
    return {} if node.place_availability_topic is None else {"availability_mode": "all"}


def _while_hearing(node: Node) -> dict[str, Any]:
    """Unavailable while the node is deaf or muted, so that stale values are not shown."""
    hears = "{{ 'online' if value_json.hearing == 'hearing' else 'offline' }}"
    return {
        "availability_mode": "all",
        "availability": [*_online(node), {"topic": node.topic("hearing"), "value_template": hears}],
    }


def _entity_id(node: Node, entity: _Entity) -> str:
    """The id that Home Assistant makes of the names of the device and the entity."""
    names = f"{device_name(node)} {entity.name}".lower()
    return f"{entity.platform}.{_NOT_IN_IDS.sub('_', names).strip('_')}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _without_none(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
