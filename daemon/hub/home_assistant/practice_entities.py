"""The entities of minutes and sessions of a node's device in Home Assistant; pure."""

from collections.abc import Iterator

from daemon.hub.controls import GOAL
from daemon.hub.home_assistant.entity import Entity
from daemon.hub.messages import Node

MINUTES = {
    "device_class": "duration",
    "unit_of_measurement": "min",
    "suggested_display_precision": 0,
}
"""Options of a sensor that shows minutes."""

_LAST_PRACTICE = (
    *("started", "ended", "minutes", "notes", "a4_hz", "in_tune", "tempo_range", "keys"),
    "longest_passage_seconds",
)


def practice_entities(node: Node, *, controls: bool) -> Iterator[Entity]:
    """Yield the entities of minutes and sessions; with `controls` also that of the week's goal."""
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
            "json_attributes_topic": practice,
            "json_attributes_template": "{{ {'families': value_json.week_families} | tojson }}",
        },
    )
    if controls:
        yield _week_goal(node)
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
    yield _last_practice(node)


def _week_goal(node: Node) -> Entity:
    return Entity(
        "week_goal",
        "sensor",
        "Weekly goal",
        {
            **MINUTES,
            "icon": "mdi:flag-checkered",
            "state_topic": node.topic(GOAL.leaf),
            # Without a goal it is unknown, so that nothing compares the minutes with zero.
            "value_template": "{{ value if value | float(0) > 0 else none }}",
        },
    )


def _last_practice(node: Node) -> Entity:
    """Return the summary of the last session, with few attributes for the recorder's sake."""
    summary = node.topic("practice/summary")
    shown = ", ".join(f"'{name}': value_json.{name}" for name in _LAST_PRACTICE)
    seconds = "as_datetime(value_json.ended) - as_datetime(value_json.started)"
    return Entity(
        "last_practice",
        "sensor",
        "Last practice",
        {
            **MINUTES,
            "icon": "mdi:clipboard-text-clock-outline",
            "state_topic": summary,
            "value_template": f"{{{{ (({seconds}).total_seconds() / 60) | round(1) }}}}",
            "json_attributes_topic": summary,
            "json_attributes_template": f"{{{{ {{{shown}}} | tojson }}}}",
        },
    )
