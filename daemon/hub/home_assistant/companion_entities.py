"""The entities of the practice companion of a node's device in Home Assistant; pure."""

from collections.abc import Iterator
from typing import Any

from daemon.hub.home_assistant.entity import Entity
from daemon.hub.messages import Node

_HIDDEN = {"enabled_by_default": False}
_CENTS = {"unit_of_measurement": "cents", "state_class": "measurement"}
_PERCENT = {"unit_of_measurement": "%", "state_class": "measurement"}
_LIKELIEST_GENRE = (
    "(value_json.genre or {}).items() | sort(attribute=1) | map('first') | list | last"
    " | default(none)"
)


def companion_entities(node: Node) -> Iterator[Entity]:
    """Yield the entities of the companion, those that are enabled from the start first."""
    for key, name, value, options in _NOW:
        yield Entity(
            key,
            "sensor",
            name,
            {
                **options,
                "state_topic": node.topic("practice/now"),
                "value_template": f"{{{{ {value} }}}}",
            },
        )
    yield Entity(
        "note",
        "sensor",
        "Note",
        {
            **_HIDDEN,
            "icon": "mdi:music-note-eighth",
            "state_topic": node.topic("practice/note"),
            "value_template": "{{ value_json.note }}",
        },
    )


def _percent(field: str, digits: int) -> str:
    known = f"(100 * value_json.{field}) | round({digits})"
    return f"none if value_json.{field} is none else {known}"


_NOW: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    (
        "a4",
        "A4",
        "value_json.a4_hz",
        {
            "icon": "mdi:tune-vertical-variant",
            "device_class": "frequency",
            "unit_of_measurement": "Hz",
            "state_class": "measurement",
            "suggested_display_precision": 1,
        },
    ),
    (
        "in_tune",
        "In tune",
        _percent("in_tune", 0),
        {**_PERCENT, "icon": "mdi:check-circle-outline", "suggested_display_precision": 0},
    ),
    (
        "tempo",
        "Tempo",
        "value_json.tempo_bpm",
        {
            "icon": "mdi:metronome",
            "unit_of_measurement": "bpm",
            "state_class": "measurement",
            "suggested_display_precision": 0,
        },
    ),
    ("key", "Key", "value_json.key", {"icon": "mdi:music-clef-treble"}),
    (
        "cents",
        "Cents",
        "value_json.median_cents",
        {**_HIDDEN, **_CENTS, "icon": "mdi:plus-minus", "suggested_display_precision": 0},
    ),
    (
        "tempo_drift",
        "Tempo drift",
        _percent("tempo_drift", 1),
        {
            **_HIDDEN,
            **_PERCENT,
            "icon": "mdi:speedometer-medium",
            "suggested_display_precision": 0,
        },
    ),
    ("chord", "Chord", "value_json.chord", {**_HIDDEN, "icon": "mdi:music-note-plus"}),
    (
        "next_chord",
        "Next chord",
        "value_json.next_chord",
        {**_HIDDEN, "icon": "mdi:debug-step-over"},
    ),
    ("dynamic", "Dynamic", "value_json.dynamic", {**_HIDDEN, "icon": "mdi:volume-medium"}),
    (
        "vibrato",
        "Vibrato",
        "value_json.vibrato_hz",
        {
            **_HIDDEN,
            "icon": "mdi:sine-wave",
            "device_class": "frequency",
            "unit_of_measurement": "Hz",
            "state_class": "measurement",
            "suggested_display_precision": 1,
        },
    ),
    (
        "genre",
        "Genre",
        _LIKELIEST_GENRE,
        {**_HIDDEN, "icon": "mdi:tag-outline"},
    ),
)
