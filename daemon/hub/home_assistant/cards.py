"""Home Assistant's built-in cards and conditions, as a dashboard's raw configuration; pure."""

from typing import Any, TypeAlias

Card: TypeAlias = dict[str, Any]

WHOLE_ROW: Card = {"grid_options": {"columns": "full"}}


def view(title: str, path: str, sections: list[list[Card]], **more: Any) -> Card:
    """Return a view with one column per section, at most three; narrow screens stack them."""
    grids = [{"type": "grid", "cards": cards} for cards in sections]
    return {
        "title": title,
        "path": path,
        "type": "sections",
        "max_columns": 3,
        **more,
        "sections": grids,
    }


def heading(text: str, icon: str, **more: Any) -> Card:
    """Return a heading of a section."""
    return {"type": "heading", "heading": text, "icon": icon, **more}


def tile(entity_id: str, name: str, **more: Any) -> Card:
    """Return a tile for one entity."""
    return {"type": "tile", "entity": entity_id, "name": name, **more}


def tile_if_known(entity_id: str, name: str, **more: Any) -> Card:
    """Return a tile that is hidden while its entity has no state, or is disabled."""
    return tile(entity_id, name, visibility=[is_known(entity_id)], **more)


def gauge_if_known(entity_id: str, name: str) -> Card:
    """Return a gauge from 0 to 1, half a row wide, hidden under the same condition as a tile.

    A tile with a bar would do, but Home Assistant 2025 has none.
    """
    return {
        "type": "gauge",
        "entity": entity_id,
        "name": name,
        "min": 0,
        "max": 1,
        "visibility": [is_known(entity_id)],
        "grid_options": {"columns": 6, "rows": "auto"},
    }


def inline(kind: str, **options: Any) -> Card:
    """Return options for a tile that fills a row, with a feature beside the name."""
    return {"features": [{"type": kind, **options}], "features_position": "inline", **WHOLE_ROW}


def graph_entities(entities: dict[str, str]) -> list[Card]:
    """Return the entities of a graph; `entities` maps entity ids to names."""
    return [{"entity": entity_id, "name": name} for entity_id, name in entities.items()]


def is_state(entity_id: str, state: str) -> Card:
    """Return the condition that the entity has this state."""
    return {"condition": "state", "entity": entity_id, "state": state}


def is_known(entity_id: str, *but_not: str) -> Card:
    """Return the condition that the entity exists and its state is none of `but_not`."""
    states = ["unknown", "unavailable", *but_not]
    return {"condition": "state", "entity": entity_id, "state_not": states}
