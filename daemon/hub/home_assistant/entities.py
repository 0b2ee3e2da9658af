"""The entities of a node's device in Home Assistant; pure."""

from collections.abc import Iterator
from typing import Any

from daemon.hearing.contract.labels import label_fault
from daemon.hub.control import Control
from daemon.hub.controls import CONTROLS, SENSITIVITY, sensitivity_leaf
from daemon.hub.home_assistant.companion_entities import companion_entities
from daemon.hub.home_assistant.entity import Entity, capitalized, online_topics, while_hearing
from daemon.hub.home_assistant.practice_entities import MINUTES, practice_entities
from daemon.hub.messages import NONE_PLAYING, Node

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
_DIAGNOSTIC = {"entity_category": "diagnostic"}
_HIDDEN = {"enabled_by_default": False}
_EVENTS = ("started", "ended")


def display_name(family: str) -> str:
    """Return a family's name with spaces and a capital letter; any other label stays unaltered."""
    if label_fault(family, is_family=True):
        return family
    return capitalized(family.replace("_", " "))


def entities(node: Node, *, controls: bool) -> Iterator[Entity]:
    """Yield all entities of a node, in the order in which they are shown.

    Those of the settings are included with `controls`.
    """
    yield from _music(node)
    yield from practice_entities(node, controls=controls)
    yield from companion_entities(node)
    for family in node.families:
        yield from _of_family(node, family)
    yield from _listener(node)
    if controls:
        yield from (_control(node, control) for control in CONTROLS)
        yield from (_sensitivity(node, family) for family in node.shown)


def _music(node: Node) -> Iterator[Entity]:
    known = "{{ none if value_json.playing is none else 'ON' if value_json.playing else 'OFF' }}"
    state = node.topic("state")
    yield Entity(
        "playing",
        "binary_sensor",
        "Playing",
        {"icon": "mdi:music", "state_topic": state, "value_template": known},
    )
    yield Entity(
        "instrument",
        "sensor",
        "Instrument",
        {
            "icon": "mdi:guitar-acoustic",
            "device_class": "enum",
            "options": list(dict.fromkeys([NONE_PLAYING, *node.families])),
            "state_topic": state,
            "value_template": "{{ value_json.instrument }}",
        },
    )
    yield Entity(
        "heard",
        "event",
        "Heard",
        {
            # Replaced by `played`; boxes on which it is enabled keep it enabled.
            **_HIDDEN,
            "icon": "mdi:ear-hearing",
            "event_types": _EVENTS,
            "state_topic": node.topic("event"),
        },
    )
    typed = "dict(value_json, event_type=value_json.family ~ '_' ~ value_json.event_type)"
    yield Entity(
        "played",
        "event",
        "Played",
        {
            "icon": "mdi:music-note",
            "event_types": [f"{family}_{what}" for family in node.families for what in _EVENTS],
            "state_topic": node.topic("event"),
            "value_template": f"{{{{ {typed} | tojson }}}}",
            # Always available: an event entity that becomes available again looks like a new event
            # in Home Assistant's activity.
            "availability": [{**online_topics(node)[0], "value_template": "online"}],
        },
    )


def _of_family(node: Node, family: str) -> Iterator[Entity]:
    name, slug = display_name(family), node.slug(family)
    common = {
        "icon": _ICONS.get(family, _OTHER_ICON),
        "enabled_by_default": family in node.shown,
    }
    yield Entity(
        f"{slug}_playing",
        "binary_sensor",
        name,
        {
            **common,
            "state_topic": node.topic("state"),
            "value_template": (
                "{{ none if value_json.playing is none "
                f"else 'ON' if {family!a} in value_json.families else 'OFF' }}}}"
            ),
        },
        slug,
    )
    yield Entity(
        f"{slug}_minutes_today",
        "sensor",
        f"{name} minutes today",
        {
            **common,
            **MINUTES,
            "state_class": "total_increasing",
            "state_topic": node.topic("practice"),
            "value_template": f"{{{{ value_json.families[{family!a}] }}}}",
        },
        f"{slug} minutes today",
    )
    yield Entity(
        f"{slug}_score",
        "sensor",
        f"{name} score",
        {
            **common,
            **_HIDDEN,
            **_DIAGNOSTIC,
            "state_class": "measurement",
            "suggested_display_precision": 2,
            "state_topic": node.topic("scores"),
            "value_template": f"{{{{ value_json[{family!a}] }}}}",
            **while_hearing(node),
        },
        f"{slug} score",
    )


def _listener(node: Node) -> Iterator[Entity]:
    hearing = node.topic("hearing")
    yield Entity(
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
    yield Entity(
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
            **while_hearing(node),
        },
    )
    yield from (
        Entity(
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
        "practice_ms",
        "Practice time",
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


def _control(node: Node, control: Control) -> Entity:
    topics = {"command_topic": node.topic(f"{control.leaf}/set")}
    if control.platform != "button":
        topics["state_topic"] = node.topic(control.leaf)
    options = {"icon": control.icon, "entity_category": "config", **topics, **control.options}
    return Entity(control.leaf, control.platform, control.name, options)


def _sensitivity(node: Node, family: str) -> Entity:
    leaf = sensitivity_leaf(node, family)
    name = f"{display_name(family)} sensitivity"
    entity = _control(node, SENSITIVITY._replace(leaf=leaf, name=name))
    return entity._replace(id_name=f"{node.slug(family)} sensitivity")
