"""The dashboard of any box shows entities that its discovery announces, and needs no editing."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from daemon.hub.home_assistant.dashboard import dashboard
from daemon.hub.home_assistant.discovery import discovery
from daemon.hub.messages import Node
from tests.conftest import ROOT

ALL_FAMILIES = (
    *("bass", "brass", "drums", "flute", "guitar", "keyboard"),
    *("mallet", "organ", "reed", "string", "synth_lead", "vocal"),
)
FAMILIES = ("drums", "flute", "guitar", "synth_lead")
SHIPPED = ROOT / "configs" / "home-assistant" / "dashboard.yaml"
ENTITY_ID = re.compile(r"\b(?:binary_sensor|sensor|event|number|switch|button)\.\w+")
BUILT_IN = {
    *("heading", "tile", "gauge", "markdown", "logbook"),
    *("history-graph", "statistics-graph"),
}


def node(name: str = "music_room", shown: tuple[str, ...] = ("guitar", "synth_lead")) -> Node:
    return Node("box", name, FAMILIES, "m", "v", shown=shown)


def announced(place: Node) -> dict[str, dict[str, Any]]:
    """The place's entities by the id that they get."""
    components = msgspec.json.decode(discovery(place).payload)["components"].values()
    return {entity["default_entity_id"]: entity for entity in components if "name" in entity}


def cards(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for view in board["views"]:
        if "header" in view:
            yield view["header"]["card"]
        for section in view["sections"]:
            yield from section["cards"]


def timbrel(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "daemon", "dashboard", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["music_room", "DG-2", "LivingRoom", "a__b", "_x-", "-", "2"])
def test_shows_only_entities_that_are_announced(name: str) -> None:
    place = node(name)
    shown = set(ENTITY_ID.findall(str(dashboard([place]))))
    assert len(shown) >= 20
    assert shown <= announced(place).keys()


def test_cards_of_entities_that_are_disabled_at_first_are_hidden() -> None:
    known = announced(node())
    for card in cards(dashboard([node()])):
        entity = known.get(card.get("entity", ""), {})
        if not entity.get("enabled_by_default", True):
            (condition,) = card["visibility"]
            assert condition == {
                "condition": "state",
                "entity": card["entity"],
                "state_not": ["unknown", "unavailable"],
            }


def test_a_box_without_listed_families_gets_hidden_cards_for_all() -> None:
    place = node(shown=())
    known, board = announced(place), dashboard([place])
    hidden = [c["entity"] for c in cards(board) if "visibility" in c and c.get("entity")]
    for family in FAMILIES:
        assert f"binary_sensor.music_room_{family}" in hidden
        assert f"number.music_room_{family}_sensitivity" in hidden
    always = [c for c in cards(board) if "visibility" not in c and "content" not in c]
    assert set(ENTITY_ID.findall(str(always))) <= known.keys()


def test_has_built_in_cards_only() -> None:
    assert {card["type"] for card in cards(dashboard([node()]))} == BUILT_IN


def test_each_place_has_a_view_and_its_settings_behind_it() -> None:
    board = dashboard([node("music_room"), node("cellar")])
    assert [
        (view["title"], view["path"], view.get("subview", False)) for view in board["views"]
    ] == [
        ("Music room", "music_room-practice", False),
        ("Music room: settings", "music_room-settings", True),
        ("Cellar", "cellar-practice", False),
        ("Cellar: settings", "cellar-settings", True),
    ]
    links = [c["tap_action"]["navigation_path"] for c in cards(board) if "tap_action" in c]
    assert links == ["music_room-settings", "cellar-settings"]


def test_everything_that_can_be_set_is_in_the_settings() -> None:
    platforms = ("number.", "switch.", "button.")
    settable = {entity_id for entity_id in announced(node()) if entity_id.startswith(platforms)}
    _, settings = dashboard([node()])["views"]
    assert settable <= set(ENTITY_ID.findall(str(settings)))


def test_prints_the_dashboard_of_a_configuration(tmp_path: Path) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text(
        "name: house\nmqtt: {families: [guitar]}\n"
        "sources: [{name: music_room, device: default}, {name: cellar, device: default}]\n"
    )
    done = timbrel("--config", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert "music_room, cellar" in done.stdout.splitlines()[0]
    board = yaml.safe_load(done.stdout)
    assert [view["title"] for view in board["views"]][::2] == ["Music room", "Cellar"]
    assert "binary_sensor.cellar_guitar" in done.stdout
    assert "flute" not in done.stdout


def test_the_shipped_file_is_what_the_command_prints_without_a_configuration() -> None:
    assert SHIPPED.read_text() == timbrel().stdout, f"timbrel dashboard > {SHIPPED}"


def test_the_shipped_file_fits_another_box_once_its_prefix_is_replaced() -> None:
    text = SHIPPED.read_text().replace("timbrel_", "music_room_")
    shown = set(ENTITY_ID.findall(text))
    place = Node("music_room", "music_room", ALL_FAMILIES, "m", "v", shown=ALL_FAMILIES)
    assert len(shown) >= 50
    assert shown <= announced(place).keys()


def test_says_that_without_discovery_there_is_nothing_to_show(tmp_path: Path) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text("mqtt: {discovery: false}\n")
    done = timbrel("--config", config)
    assert (done.returncode, done.stdout) == (2, "")
    assert "mqtt.discovery" in done.stderr
    assert "Traceback" not in done.stderr
