"""The dashboard's cards of the practice companion; pure."""

from collections.abc import Mapping

from daemon.hub.companion.practice_controls import REFERENCE, SWITCHES
from daemon.hub.home_assistant.cards import Card, inline, tile, tile_if_known


def companion_tiles(ids: Mapping[str, str]) -> list[Card]:
    """Return a tile for each figure that is known, by the entities' keys."""
    names = {"a4": "A4", "in_tune": "In tune", "tempo": "Tempo", "key": "Key"}
    return [tile_if_known(ids[key], name) for key, name in names.items()]


def companion_settings(ids: Mapping[str, str]) -> list[Card]:
    """Return a tile for each setting of the companion."""
    switches = [tile(ids[switch.leaf], switch.name, **inline("toggle")) for switch in SWITCHES]
    reference = tile(
        ids[REFERENCE.leaf], REFERENCE.name, **inline("numeric-input", style="buttons")
    )
    return [*switches, reference]
