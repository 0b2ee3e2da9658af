"""The entities of minutes and sessions of a node's device in Home Assistant; pure."""

from collections.abc import Iterator

from daemon.hub.home_assistant.entity import Entity
from daemon.hub.messages import Node

MINUTES = {
    "device_class": "duration",
    "unit_of_measurement": "min",
    "suggested_display_precision": 0,
}
"""Options of a sensor that shows minutes."""


def practice_entities(node: Node) -> Iterator[Entity]:
    """Yield the entities of minutes and sessions."""
    practice = node.topic("practice")
    yield Entity(
        "minutes_today",
        "sensor",
        "Minutes today",
        {
            **MINUTES,
            "icon": "mdi:timer-music-outline",
            "state_class": "total_increasing",
            "state_topic": practice,
            "value_template": "{{ value_json.minutes }}",
        },
    )
    yield Entity(
        "week_minutes",
        "sensor",
        "Minutes this week",
        {
            **MINUTES,
            "icon": "mdi:calendar-week",
            "state_class": "total_increasing",
            "state_topic": practice,
            "value_template": "{{ value_json.week_minutes }}",
        },
    )
    yield Entity(
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
    yield Entity(
        "last_session",
        "sensor",
        "Last session",
        {
            **MINUTES,
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
