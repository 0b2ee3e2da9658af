"""A Home Assistant dashboard for the places of one box, from built-in cards only; pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from daemon.hub.controls import sensitivity_leaf
from daemon.hub.home_assistant.cards import (
    WHOLE_ROW,
    Card,
    gauge_if_known,
    graph_entities,
    heading,
    inline,
    is_known,
    is_state,
    tile,
    tile_if_known,
    view,
)
from daemon.hub.home_assistant.companion_cards import companion_settings, companion_tiles
from daemon.hub.home_assistant.discovery import device_name, entity_ids
from daemon.hub.home_assistant.entities import display_name
from daemon.hub.messages import NONE_PLAYING, Node

_PLAYS, _HEARS, _MUTED = "amber", "green", "red"


def dashboard(nodes: Sequence[Node]) -> dict[str, Any]:
    """Return the dashboard: for each place a view, and a subview with its settings.

    A place without `shown` families gets cards for all families; each card is hidden until its
    entity is enabled.
    """
    return {"views": [view for node in nodes for view in (_practice(node), _settings(node))]}


def _practice(node: Node) -> Card:
    ids = _ids(node)
    headline = {"type": "markdown", "text_only": True, "content": _headline(node, ids)}
    return view(
        device_name(node),
        f"{node.name}-practice",
        [_now(node, ids), _minutes(node, ids), _activity(node, ids)],
        icon="mdi:music",
        header={"layout": "start", "card": headline},
    )


def _settings(node: Node) -> Card:
    ids = _ids(node)
    return view(
        f"{device_name(node)}: settings",
        f"{node.name}-settings",
        [_microphone(ids), _sensitivity(node, ids), _about(ids)],
        subview=True,
    )


def _families(node: Node) -> Sequence[str]:
    return node.shown or node.families


def _ids(node: Node) -> dict[str, str]:
    return entity_ids(replace(node, shown=_families(node)))


def _named(node: Node, families: Sequence[str], ids: dict[str, str], key: str) -> dict[str, str]:
    """Return the names of families by the ids of those of their entities that end with `key`."""
    return {ids[f"{node.slug(family)}_{key}"]: display_name(family) for family in families}


def _headline(node: Node, ids: dict[str, str]) -> str:
    """Return a template for the active families, or for the reason why they are unknown."""
    families = _named(node, _families(node), ids, "playing")
    playing, hearing, instrument = ids["playing"], ids["hearing"], ids["instrument"]
    return f"""\
{{% set families = {families} %}}
{{% set other = states('{instrument}') | replace('_', ' ') | capitalize %}}
{{% set names = families.items() | selectattr(0, 'is_state', 'on') | map(attribute=1) | list %}}
{{% set today = states('{ids["minutes_today"]}') | float(0) | round | int ~ ' min today' %}}
{{% if is_state('{hearing}', 'unavailable') %}}
# Not running
Timbrel is not running, or the broker cannot be reached.
{{% elif is_state_attr('{hearing}', 'hearing', 'muted') %}}
# Muted
The microphone is closed.
{{% elif is_state('{hearing}', 'off') %}}
# No sound
{{{{ state_attr('{hearing}', 'reason') }}}}
{{% elif is_state('{playing}', 'on') %}}
# {{{{ (names or [other]) | join(', ') }}}}
since {{{{ as_local(states['{playing}'].last_changed).strftime('%H:%M') }}}}, {{{{ today }}}}
{{% else %}}
# Quiet
{{{{ today }}}}
{{% endif %}}
"""


def _now(node: Node, ids: dict[str, str]) -> list[Card]:
    plays = is_known(ids["instrument"], NONE_PLAYING)
    return [
        heading("Now", "mdi:music"),
        tile(
            *(ids["mute"], "Muted"),
            color=_MUTED,
            visibility=[is_state(ids["mute"], "on")],
            **WHOLE_ROW,
        ),
        tile(
            *(ids["instrument"], "Instrument"),
            color=_PLAYS,
            state_content=["state", "last_changed"],
            visibility=[plays],
            **WHOLE_ROW,
        ),
        tile_if_known(ids["session"], "Session began", **WHOLE_ROW),
        *(
            tile_if_known(ids[f"{node.slug(family)}_playing"], display_name(family), color=_PLAYS)
            for family in _families(node)
        ),
        *(
            gauge_if_known(ids[f"{node.slug(family)}_score"], f"{display_name(family)} score")
            for family in _families(node)
        ),
    ]


def _minutes(node: Node, ids: dict[str, str]) -> list[Card]:
    families = _named(node, node.shown, ids, "minutes_today")
    return [
        heading("Practice", "mdi:timer-music-outline"),
        tile(ids["minutes_today"], "Today"),
        tile(ids["last_session"], "Last session"),
        tile(ids["week_minutes"], "This week"),
        tile_if_known(ids["week_goal"], "Goal"),
        *companion_tiles(ids),
        {
            "type": "statistics-graph",
            "title": "Minutes a day",
            "chart_type": "bar-stack",
            "period": "day",
            "days_to_show": 7,
            "stat_types": ["change"],
            "hide_legend": not families,
            "entities": graph_entities(families or {ids["minutes_today"]: "Minutes"}),
        },
    ]


def _activity(node: Node, ids: dict[str, str]) -> list[Card]:
    families = _named(node, node.shown, ids, "playing")
    settings = {"action": "navigate", "navigation_path": f"{node.name}-settings"}
    return [
        heading("Activity", "mdi:history"),
        {
            "type": "history-graph",
            "hours_to_show": 1,
            "entities": graph_entities(families or {ids["playing"]: "Playing"}),
        },
        {
            "type": "logbook",
            "target": {"entity_id": [ids["played"]]},
            "hours_to_show": 24,
        },
        heading("Settings", "mdi:cog", tap_action=settings),
    ]


def _microphone(ids: dict[str, str]) -> list[Card]:
    return [
        heading("Microphone", "mdi:microphone"),
        tile(
            *(ids["hearing"], "Hearing"),
            color=_HEARS,
            state_content=["state", "reason", "last_changed"],
            **WHOLE_ROW,
        ),
        tile(ids["mute"], "Mute", color=_MUTED, **inline("toggle")),
        tile(ids["restart_listening"], "Restart listening", hide_state=True, **WHOLE_ROW),
        {
            "type": "history-graph",
            "title": "Level",
            "hours_to_show": 1,
            "entities": graph_entities({ids["level"]: "Level"}),
        },
    ]


def _sensitivity(node: Node, ids: dict[str, str]) -> list[Card]:
    slider = inline("numeric-input", style="slider")
    buttons = inline("numeric-input", style="buttons")
    return [
        heading("Sensitivity", "mdi:tune-variant"),
        tile(ids["sensitivity"], "All families", **slider),
        *(
            tile_if_known(ids[sensitivity_leaf(node, family)], display_name(family), **slider)
            for family in _families(node)
        ),
        heading("Limits", "mdi:volume-low"),
        tile(ids["quiet_gate"], "Quiet gate", **buttons),
        tile(ids["stop_after"], "Stop after", **buttons),
        tile(ids["patience"], "Patience", **inline("select-options")),
        heading("Practice", "mdi:flag-checkered"),
        tile(ids["practice_goal"], "Minutes a week", **buttons),
        *companion_settings(ids),
    ]


def _about(ids: dict[str, str]) -> list[Card]:
    return [
        heading("About", "mdi:information-outline"),
        tile(ids["model"], "Model"),
        tile(ids["started"], "Running since"),
        tile(ids["lost_seconds"], "Lost sound"),
    ]
