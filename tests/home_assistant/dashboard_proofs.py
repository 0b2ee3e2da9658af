"""Proofs of the dashboard, the automations and the blueprints, and their pictures."""

import json
import time
from functools import partial
from typing import Any

import yaml

from daemon.hub.home_assistant.discovery import discovery
from daemon.hub.messages import Node
from tests.home_assistant import pictures
from tests.home_assistant.house import (
    BINARY,
    BLUEPRINTS,
    ENTITY_ID,
    EVENT,
    FAMILIES,
    NODE,
    SENSOR,
    SHOWN,
    House,
    dashboard_of,
)
from tests.home_assistant.instance import HomeAssistant, within


def has_entity(hub: HomeAssistant, node: str, key: str) -> bool:
    return key in hub.of_node(node)


def has_no_entities(hub: HomeAssistant, node: str) -> bool:
    return not hub.of_node(node)


def dashboard_works_for_any_name(house: House) -> str:
    """The printed dashboard refers to existing entities, whatever the names of the places are."""
    hub, names = house.hub, ["DG-2", "LivingRoom", "a__b", "_x-", "2"]
    sources = ", ".join(f"{{name: '{name}', device: pulse}}" for name in names)
    config = house.folder / "any_name.yaml"
    config.write_text(
        f"name: house\nsources: [{sources}]\nmqtt: {{families: [guitar, synth_lead]}}\n"
    )
    board = yaml.safe_load(dashboard_of(config))
    known = set[str]()
    for name in names:
        node = Node("house", name, FAMILIES, "m", "v", shown=("guitar", "synth_lead"))
        message = discovery(node)
        house.publish(message.topic, message.payload, retain=True)
        within(20, partial(has_entity, hub, name, "played"), f"the entities of {name}")
        known |= {entity["entity_id"] for entity in hub.of_node(name).values()}
    shown = set(ENTITY_ID.findall(json.dumps(board)))
    assert len(shown) >= 20 * len(names), shown
    assert shown <= known, shown - known
    headlines = [view["header"]["card"]["content"] for view in board["views"] if "header" in view]
    headings = [hub.render(template) for template in headlines]
    assert all(text.strip().startswith("# Not running") for text in headings), headings
    for name in names:
        house.publish(f"homeassistant/device/timbrel_{name}/config", b"", retain=True)
        within(20, partial(has_no_entities, hub, name), f"removal of {name}")
    return f"{', '.join(names)}: {len(shown)} entities, all known"


def shipped_configuration_works(house: House) -> str:
    """The dashboard shows existing entities; automations and blueprints work as described."""
    hub = house.hub
    names = ["the_light_follows_the_guitar", "a_session_of_practice_has_ended"]
    names += ["somebody_plays_the_guitar", "the_microphone_is_gone"]
    names += ["practice_starts", "practice_reminder"]
    for name in names:
        assert hub.state(f"automation.{name}") == "on", name
    loaded = hub.ask("blueprint/list", domain="automation")
    ours = {path: entry for path, entry in loaded.items() if path.startswith("timbrel/")}
    assert len(ours) == len(BLUEPRINTS), loaded.keys()
    assert not [entry for entry in ours.values() if "error" in entry], ours
    board = hub.ask("lovelace/config", url_path="practice-room")
    shown = set(ENTITY_ID.findall(json.dumps(board)))
    registered = {e["entity_id"]: e["disabled_by"] for e in hub.of_node(NODE).values()}
    assert len(shown) >= 30, shown
    assert shown <= registered.keys(), shown - registered.keys()
    cards = [card for view in board["views"] for part in view["sections"] for card in part["cards"]]
    always = json.dumps([card for card in cards if "visibility" not in card])
    assert not [e for e in ENTITY_ID.findall(always) if registered[e] is not None], always
    assert hub.render(board["views"][0]["header"]["card"]["content"]).strip().startswith("# Quiet")

    within(60, lambda: hub.state("input_boolean.quiet_please") == "off", "quiet after the medley")
    hub.call("input_boolean.turn_off", entity_id="input_boolean.music_light")
    line = hub.socket()
    line.ask("subscribe_events", event_type="state_changed")
    house.microphone.play(house.drums).wait(30)
    changes = [change["data"] for change in line.events(45)]
    line.close()

    def states_of(entity_id: str) -> list[str]:
        return [c["new_state"]["state"] for c in changes if c["entity_id"] == entity_id]

    assert states_of("light.music_corner")[-2:] == ["on", "off"], states_of("light.music_corner")
    assert states_of("input_boolean.quiet_please") == ["on", "off"], states_of(
        "input_boolean.quiet_please"
    )
    assert states_of("input_boolean.music_light") == ["on"], states_of("input_boolean.music_light")
    hub.call("automation.trigger", entity_id="automation.practice_reminder", skip_condition=False)
    hearing = f"timbrel/{NODE}/hearing"
    for state in ("deaf", "hearing"):
        body = {"hearing": state, "reason": "unplugged", "since": "2026-01-01T00:00:00+00:00"}
        house.publish(hearing, json.dumps(body).encode(), retain=True)
        time.sleep(2)
    shown_messages = {n["message"] for n in hub.ask("persistent_notification/get")}
    assert {"It is over", "Nobody has practised yet", "unplugged"} <= shown_messages, shown_messages
    assert any(message.startswith("The drums are played since ") for message in shown_messages), (
        shown_messages
    )
    assert any("minutes of" in message and "drums" in message for message in shown_messages), (
        shown_messages
    )
    count = f"{len(names)} automations, {len(ours)} blueprints"
    return f"{count}; {len(shown)} entities on the dashboard"


def takes_the_pictures(house: House) -> str:
    """Take the pictures for the documentation, if requested."""
    hub = house.hub
    if house.pictures is None:
        return "not requested"
    for family, share in zip(SHOWN, (0.9, 0.7, 0.4, 0.2), strict=True):
        pictures.add_invented_week(hub, f"{SENSOR}{family}_minutes_today", share)
    (device,) = [
        d["id"]
        for d in hub.ask("config/device_registry/list")
        if ["mqtt", f"timbrel_{NODE}"] in d["identifiers"]
    ]
    # As on a new box.
    hub.ask("config/entity_registry/update", entity_id=EVENT + "heard", disabled_by="user")
    house.microphone.play(house.medley).wait(100)
    within(30, lambda: hub.state(BINARY + "playing") == "off", "the end of the medley")
    playing = house.microphone.play(house.long_drums)
    within(80, lambda: hub.state(SENSOR + "instrument") == "drums", "drums")
    board = {"path": f"/practice-room/{NODE}-practice", "width": 1280, "height": 800}
    board["heading"] = "Drums"
    settings = {"path": f"/practice-room/{NODE}-settings", "width": 1280, "height": 800}
    phone = {"width": 390, "height": 844}
    shots: list[dict[str, Any]] = [
        {**board, "name": "dashboard"},
        {**board, "name": "dashboard-dark", "dark": True},
        {**board, **phone, "name": "dashboard-phone"},
        {**settings, **phone, "name": "settings-phone", "dark": True},
    ]
    pictures.take(hub, house.pictures, shots)
    playing.kill()
    playing.wait(10)
    page = {"name": "device", "path": f"/config/devices/device/{device}", "height": 1250}
    edit = {"name": "blueprint", "path": "/config/automation/edit/practice_at_home", "height": 900}
    pictures.take(hub, house.pictures, [page, edit])
    sizes = {file.name: file.stat().st_size // 1000 for file in house.pictures.glob("*.png")}
    assert all(size <= 200 for size in sizes.values()), sizes
    return ", ".join(f"{name} {size} kB" for name, size in sorted(sizes.items()))
