"""The entities of minutes and sessions of a node's device in Home Assistant; pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from daemon.hub.controls import GOAL
from daemon.hub.home_assistant.entity import Entity
from daemon.hub.messages import Node

MINUTES = {
    "device_class": "duration",
    "unit_of_measurement": "min",
    "suggested_display_precision": 0,
}
"""Options of a sensor that shows minutes."""

_LAST_SESSION = (
    "{'instruments': value_json.instruments, 'started': value_json.started, "
    "'ended': value_json.ended}"
)
_LAST_PRACTICE = (
    *("started", "ended", "minutes", "notes", "a4_hz", "in_tune", "tempo_range", "keys"),
    "longest_passage_seconds",
)


def practice_entities(node: Node, *, controls: bool) -> Iterator[Entity]:
    """Yield the entities of minutes and sessions; with `controls` also that of the week's goal."""
    practice, summary = node.topic("practice"), node.topic("practice/summary")
    counts = {"state_class": "total_increasing"}
    icon = "mdi:timer-music-outline"
    yield _minutes("minutes_today", "Minutes today", icon, practice, "value_json.minutes", counts)
    yield _minutes(
        *("week_minutes", "Minutes this week", "mdi:calendar-week"),
        *(practice, "value_json.week_minutes"),
        _attributes(practice, "{'families': value_json.week_families}"),
        counts,
    )
    if controls:
        # Without a goal it is unknown, so that nothing compares the minutes with zero.
        goal = "value if value | float(0) > 0 else none"
        topic = node.topic(GOAL.leaf)
        yield _minutes("week_goal", "Weekly goal", "mdi:flag-checkered", topic, goal)
    session = {
        "icon": "mdi:music-circle-outline",
        "device_class": "timestamp",
        "state_topic": practice,
        "value_template": "{{ value_json.session }}",
    }
    yield Entity("session", "sensor", "Session", session)
    last = node.topic("last_session")
    yield _minutes(
        *("last_session", "Last session", "mdi:history", last, "value_json.minutes"),
        _attributes(last, _LAST_SESSION),
    )
    # Few attributes, because the recorder keeps them all. `value_json.keys` would be a method.
    values = ", ".join(f"'{name}': value_json['{name}']" for name in _LAST_PRACTICE)
    seconds = "(as_datetime(value_json.ended) - as_datetime(value_json.started)).total_seconds()"
    yield _minutes(
        *("last_practice", "Last practice", "mdi:clipboard-text-clock-outline"),
        *(summary, f"({seconds} / 60) | round(1)"),
        _attributes(summary, f"{{{values}}}"),
    )


def _minutes(
    key: str, name: str, icon: str, topic: str, value: str, *more: Mapping[str, Any]
) -> Entity:
    """Return a sensor of minutes, which are the expression `value` of a message on `topic`."""
    options: dict[str, Any] = {
        "icon": icon,
        "state_topic": topic,
        "value_template": f"{{{{ {value} }}}}",
    }
    for part in more:
        options |= part
    return Entity(key, "sensor", name, {**MINUTES, **options})


def _attributes(topic: str, expression: str) -> dict[str, str]:
    """Return the options for attributes, which are an object made of a message on `topic`."""
    template = f"{{{{ {expression} | tojson }}}}"
    return {"json_attributes_topic": topic, "json_attributes_template": template}
