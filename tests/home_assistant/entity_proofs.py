"""Proofs of the device and its entities."""

import json
from dataclasses import replace
from pathlib import Path

from daemon.hub.home_assistant.discovery import discovery
from daemon.hub.home_assistant.entities import entities
from daemon.hub.messages import Node
from tests.home_assistant import pictures
from tests.home_assistant.expected import EXPECTED
from tests.home_assistant.house import BINARY, NODE, SENSOR, SHOWN, House, wait_for_states
from tests.home_assistant.instance import within

ANNOUNCED_BY_0_1_0 = Path(__file__).with_name("announced_by_0_1_0.json")


def keeps_entities_of_0_1_0(house: House) -> str:
    """Entities of 0.1.0 keep their ids and the user's changes; new entities are added."""
    hub = house.hub
    if house.pictures:
        add = "/config/integrations/dashboard/add?domain=mqtt"
        shot = {"name": "add-broker", "path": add, "width": 900, "height": 820}
        pictures.take(hub, house.pictures, [{**shot, "clicks": ["OK"], "wait": 9000}])
    hub.add_mqtt(house.broker.port)
    announced = json.loads(ANNOUNCED_BY_0_1_0.read_text())
    keys = {key for key, entity in announced["components"].items() if "unique_id" in entity}
    house.publish(
        f"homeassistant/device/timbrel_{NODE}/config",
        json.dumps(announced).encode(),
        retain=True,
    )
    within(60, lambda: hub.of_node(NODE).keys() == keys, "the entities of 0.1.0")
    for entity_id, change in (
        (SENSOR + "model", {"hidden_by": "user"}),
        (SENSOR + "vocal_minutes_today", {"name": "Singing"}),
        (BINARY + "vocal", {"new_entity_id": "binary_sensor.somebody_sings"}),
    ):
        hub.ask("config/entity_registry/update", entity_id=entity_id, **change)
    before = hub.of_node(NODE)
    house.start_daemon()
    after = within(60, lambda: (now := hub.of_node(NODE)).keys() > keys and now, "new entities")
    for key, old in before.items():
        for what in ("id", "unique_id", "entity_id", "name", "disabled_by", "hidden_by"):
            assert after[key][what] == old[what], (key, what, old[what], after[key][what])
    new = {"played", "patience", "practice_goal", "week_minutes", "week_goal", "last_practice"}
    assert new <= after.keys() - keys, after.keys() - keys
    return f"{len(before)} entities of 0.1.0 kept; new: {', '.join(after.keys() - keys)}"


def announces_all_entities(house: House) -> str:
    """Check names, ids, categories, units, and which entities are enabled."""
    hub = house.hub
    light = {"name": "Music corner", "unique_id": "music_corner", "command_topic": "proof/light"}
    house.publish(
        "homeassistant/light/music_corner/config", json.dumps(light).encode(), retain=True
    )
    within(5, lambda: hub.state("light.music_corner"), "a light")
    wait_for_states(30, house, "states")
    found = hub.of_node(NODE)
    for key, (entity_id, name, category, unit, enabled) in EXPECTED.items():
        entry = found[key]
        assert entry["entity_id"] == entity_id, (key, entry["entity_id"])
        assert entry["original_name"] == name, (key, entry["original_name"])
        assert entry["entity_category"] == category, (key, entry["entity_category"])
        assert (entry["disabled_by"] is None) == enabled, (key, entry["disabled_by"])
        if enabled:
            shown = hub.attributes(entity_id)
            assert shown.get("unit_of_measurement") == unit, (key, shown)
            assert shown["friendly_name"] == f"Music room {name}", shown
    for entity in ("playing", "guitar", "hearing"):
        # Without a device class, Home Assistant shows On and Off.
        assert "device_class" not in hub.attributes(BINARY + entity), entity
    families = 12
    others = list(entities(Node(NODE, NODE, (), "m", "v"), controls=True))
    assert len(found) == len(others) + 3 * families + len(SHOWN), len(found)
    (device,) = [
        d
        for d in hub.ask("config/device_registry/list")
        if ["mqtt", f"timbrel_{NODE}"] in d["identifiers"]
    ]
    assert device["name"] == "Music room"
    assert device["manufacturer"] == "Timbrel"
    return f"{len(found)} entities, {sum(e['disabled_by'] is None for e in found.values())} enabled"


def assigns_the_area(house: House) -> str:
    """A new device gets its area; entities and devices can be removed by discovery."""
    hub = house.hub
    node = Node("attic", "attic", ("guitar",), "m", "v", area="Attic")
    message = discovery(node)
    house.publish(message.topic, message.payload, retain=True)
    within(10, lambda: len(hub.of_node("attic")) > 10, "the device")
    (device,) = [
        d
        for d in hub.ask("config/device_registry/list")
        if ["mqtt", "timbrel_attic"] in d["identifiers"]
    ]
    areas = {area["area_id"]: area["name"] for area in hub.ask("config/area_registry/list")}
    assert areas[device["area_id"]] == "Attic"
    fewer = discovery(replace(node, shown=("guitar",)))
    house.publish(fewer.topic, fewer.payload, retain=True)
    within(10, lambda: "sensitivity_guitar" in hub.of_node("attic"), "a sensitivity")
    house.publish(message.topic, message.payload, retain=True)
    within(
        10, lambda: "sensitivity_guitar" not in hub.of_node("attic"), "removal of the sensitivity"
    )
    house.publish(message.topic, b"", retain=True)
    within(10, lambda: not hub.of_node("attic"), "removal of all entities")
    return "area assigned; a sensitivity added and removed with the settings; device removed"


def icons_exist(house: House) -> str:
    """The frontend has every icon."""
    wanted = {e["original_icon"] for e in house.hub.of_node(NODE).values() if e["original_icon"]}
    files = list(house.hub.frontend.rglob("static/mdi/*.json"))
    known = "".join(file.read_text() for file in files)
    missing = {icon for icon in wanted if f'"{icon.removeprefix("mdi:")}"' not in known}
    assert files
    assert not missing, missing
    return f"{len(wanted)} icons"
