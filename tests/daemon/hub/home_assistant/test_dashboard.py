"""The dashboard of any box shows only entities in its discovery message."""

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
ENTITY_ID = re.compile(r"\b(?:binary_sensor|sensor|event|number|switch|select|button)\.\w+")
BUILT_IN = {
    *("heading", "tile", "gauge", "markdown", "logbook"),
    *("history-graph", "statistics-graph"),
}


def node(name: str = "music_room", shown: tuple[str, ...] = ("guitar", "synth_lead")) -> Node:
    return Node("box", name, FAMILIES, "m", "v", shown=shown)


def announced(place: Node) -> dict[str, dict[str, Any]]:
    """Return the place's entities by their entity ids."""
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
def test_shows_announced_entities_only(name: str) -> None:
    place = node(name)
    shown = set(ENTITY_ID.findall(str(dashboard([place]))))
    assert len(shown) >= 20
    assert shown <= announced(place).keys()


def test_hides_cards_of_entities_disabled_by_default() -> None:
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


def test_box_without_listed_families_has_hidden_cards_for_all() -> None:
    place = node(shown=())
    known, board = announced(place), dashboard([place])
    hidden = [c["entity"] for c in cards(board) if "visibility" in c and c.get("entity")]
    for family in FAMILIES:
        assert f"binary_sensor.music_room_{family}" in hidden
        assert f"number.music_room_{family}_sensitivity" in hidden
    always = [c for c in cards(board) if "visibility" not in c and "content" not in c]
    assert set(ENTITY_ID.findall(str(always))) <= known.keys()


def test_uses_built_in_cards_only() -> None:
    assert {card["type"] for card in cards(dashboard([node()]))} == BUILT_IN


def test_each_place_has_a_view_and_a_settings_subview() -> None:
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


def test_settings_view_shows_every_setting() -> None:
    platforms = ("number.", "switch.", "select.", "button.")
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


def test_shipped_file_equals_the_commands_output() -> None:
    assert SHIPPED.read_text() == timbrel().stdout, f"timbrel dashboard > {SHIPPED}"


def test_shipped_file_fits_another_box_after_replacing_the_prefix() -> None:
    text = SHIPPED.read_text().replace("timbrel_", "music_room_")
    shown = set(ENTITY_ID.findall(text))
    place = Node("music_room", "music_room", ALL_FAMILIES, "m", "v", shown=ALL_FAMILIES)
    assert len(shown) >= 50
    assert shown <= announced(place).keys()


def test_fails_without_discovery(tmp_path: Path) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text("mqtt: {discovery: false}\n")
    done = timbrel("--config", config)
    assert (done.returncode, done.stdout) == (2, "")
    assert "mqtt.discovery" in done.stderr
    assert "Traceback" not in done.stderr
