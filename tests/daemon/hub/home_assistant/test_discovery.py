"""The discovery message: its keys and values, and that Home Assistant accepts them."""

import json
from dataclasses import replace
from typing import Any

import pytest

from daemon.hearing.shown_scores import ShownScores
from daemon.hearing.tracker import EventEnded, EventStarted
from daemon.hub import messages
from daemon.hub.home_assistant.discovery import availability_of, discovery, entity_ids
from daemon.hub.messages import Node

FAMILIES = (
    *("bass", "brass", "drums", "flute", "guitar", "keyboard"),
    *("mallet", "organ", "reed", "string", "synth_lead", "vocal"),
)
NODE = Node(
    box="attic",
    name="living_room",
    families=("drums", "flute", "organ"),
    model="tiny 1",
    version="0.1.0",
    topic_prefix="home/music",
    shown=("flute",),
)
ALL = replace(NODE, families=FAMILIES, shown=FAMILIES)

# The keys per platform and values per key that Home Assistant 2025.4 to 2026.11 accepts, found by
# observation. It silently drops an unknown key, and drops the entity for an invalid value.
DEVICE_KEYS = {
    *("identifiers", "name", "manufacturer", "model", "sw_version"),
    *("suggested_area", "configuration_url"),
}
COMMON_KEYS = {
    *("platform", "unique_id", "default_entity_id", "name", "icon", "entity_category"),
    *("enabled_by_default", "availability", "availability_mode"),
    *("json_attributes_topic", "json_attributes_template"),
}
READ_KEYS = {"state_topic", "value_template"}
PLATFORM_KEYS = {
    "binary_sensor": {*READ_KEYS, "device_class", "expire_after"},
    "sensor": {
        *READ_KEYS,
        *("device_class", "state_class", "unit_of_measurement", "options"),
        *("suggested_display_precision", "expire_after"),
    },
    "event": {*READ_KEYS, "event_types"},
    "number": {
        *("state_topic", "command_topic", "min", "max", "step", "mode"),
        *("unit_of_measurement", "device_class"),
    },
    "switch": {"state_topic", "command_topic"},
    "select": {"state_topic", "command_topic", "options"},
    "button": {"command_topic", "device_class", "payload_press"},
}
REQUIRED_KEYS = {
    "binary_sensor": {"state_topic"},
    "sensor": {"state_topic"},
    "event": {"state_topic", "event_types"},
    "number": {"command_topic", "state_topic"},
    "switch": {"command_topic", "state_topic"},
    "select": {"command_topic", "state_topic", "options"},
    "button": {"command_topic"},
}
DEVICE_CLASSES = {
    # Without a device class Home Assistant shows On and Off. With `sound` it would show Detected
    # and Clear, with `connectivity` Disconnected for a muted microphone.
    "binary_sensor": set[str](),
    "sensor": {"enum", "duration", "timestamp", "frequency"},
    "number": {"duration", "frequency"},
    "button": {"restart"},
}
# The state classes that each device class of a sensor allows.
STATE_CLASSES: dict[str | None, set[str | None]] = {
    "enum": {None},
    "timestamp": {None},
    "duration": {None, "measurement", "total", "total_increasing"},
    "frequency": {None, "measurement"},
    None: {None, "measurement", "total", "total_increasing"},
}
DURATION_UNITS = {"ms", "s", "min", "h", "d"}
CATEGORIES: dict[str, set[str | None]] = {
    "binary_sensor": {None, "diagnostic"},
    "sensor": {None, "diagnostic"},
    "event": {None, "diagnostic"},
    "number": {None, "config"},
    "switch": {None, "config"},
    "select": {None, "config"},
    "button": {None, "config", "diagnostic"},
}


def announced(node: Node, *, controls: bool = True) -> Any:
    return json.loads(discovery(node, controls=controls).payload)


def entities(node: Node, *, controls: bool = True) -> dict[str, dict[str, Any]]:
    """Return the components, without those that the message removes."""
    components = announced(node, controls=controls)["components"]
    return {key: entity for key, entity in components.items() if "unique_id" in entity}


def on_platform(node: Node, platform: str) -> dict[str, dict[str, Any]]:
    return {key: e for key, e in entities(node).items() if e["platform"] == platform}


VARIANTS = [
    pytest.param(NODE, True, id="some families"),
    pytest.param(NODE, False, id="without controls"),
    pytest.param(ALL, True, id="all families"),
    pytest.param(Node("b", "DG-2", ("a b",), "m", "v", area="Attic"), True, id="odd names"),
]


def test_announces_the_device() -> None:
    message = discovery(NODE)
    assert message.topic == "homeassistant/device/timbrel_living_room/config"
    assert (message.qos, message.retain) == (1, True)
    body = announced(NODE)
    assert body["device"] == {
        "identifiers": ["timbrel_living_room"],
        "name": "Living room",
        "manufacturer": "Timbrel",
        "model": "tiny 1",
        "sw_version": "0.1.0",
    }
    assert body["origin"] == {"name": "Timbrel", "sw_version": "0.1.0"}


def test_place_is_available_while_both_topics_are_online() -> None:
    body = announced(NODE)
    assert body["availability_mode"] == "all"
    assert body["availability"] == [
        {"topic": "home/music/attic/availability"},
        {"topic": "home/music/living_room/availability"},
    ]


def test_place_with_its_boxs_name_has_one_availability_topic() -> None:
    body = announced(replace(NODE, name="attic"))
    assert "availability_mode" not in body
    assert body["availability"] == [{"topic": "home/music/attic/availability"}]


def test_announces_area_and_page_if_there_are_any() -> None:
    node = Node("b", "b", ("a",), "m", "v", area="Attic", url="http://pi:8099/")
    device = announced(node)["device"]
    assert (device["suggested_area"], device["configuration_url"]) == ("Attic", "http://pi:8099/")


@pytest.mark.parametrize(("node", "controls"), VARIANTS)
def test_home_assistant_accepts_every_key_and_value(
    node: Node,
    controls: bool,  # noqa: FBT001
) -> None:
    body = announced(node, controls=controls)
    assert body.keys() - {"availability_mode"} == {
        *("device", "origin", "availability", "components")
    }
    assert body["device"].keys() <= DEVICE_KEYS
    for key, entity in entities(node, controls=controls).items():
        platform = entity["platform"]
        assert entity.keys() <= COMMON_KEYS | PLATFORM_KEYS[platform], key
        assert entity.keys() >= {"unique_id", "name", "icon"} | REQUIRED_KEYS[platform], key
        assert entity.get("entity_category") in CATEGORIES[platform], key
        assert entity["icon"].startswith("mdi:"), key
        assert entity["default_entity_id"].startswith(f"{platform}."), key
        if "device_class" in entity:
            assert entity["device_class"] in DEVICE_CLASSES[platform], key
        if platform == "sensor":
            check_sensor(entity)
        if platform == "number":
            assert entity["min"] < entity["max"], key
            assert entity["step"] >= 0.001, key
            assert entity["mode"] in {"auto", "box", "slider"}, key


def check_sensor(sensor: dict[str, Any]) -> None:
    name = sensor["name"]
    device_class = sensor.get("device_class")
    assert sensor.get("state_class") in STATE_CLASSES[device_class], name
    assert ("options" in sensor) == (device_class == "enum"), name
    if device_class == "duration":
        assert sensor["unit_of_measurement"] in DURATION_UNITS, name
    if device_class in {"enum", "timestamp"}:
        assert "unit_of_measurement" not in sensor, name
    if "suggested_display_precision" in sensor:
        assert "state_class" in sensor or device_class == "duration", name


@pytest.mark.parametrize(("node", "controls"), VARIANTS)
def test_entities_have_unique_ids_and_names(
    node: Node,
    controls: bool,  # noqa: FBT001
) -> None:
    found = entities(node, controls=controls)
    assert len({e["unique_id"] for e in found.values()}) == len(found)
    assert len({e["name"] for e in found.values()}) == len(found)
    device = announced(node)["device"]["name"].lower()
    assert not any(device in e["name"].lower() for e in found.values())
    topics = {v for e in found.values() for key, v in e.items() if key.endswith("_topic")}
    assert all(topic.startswith(node.topic("")) for topic in topics)
    assert node.topic("event/late") not in topics


@pytest.mark.parametrize("node", [NODE, ALL])
def test_keys_and_unique_ids_never_change(node: Node) -> None:
    """Automations and history refer to them: a renamed entity would lose both."""
    fixed = {
        *("playing", "instrument", "heard", "played"),
        *("minutes_today", "week_minutes", "session", "last_session"),
        *("hearing", "level", "inference_ms", "lost_seconds", "queued", "model", "started"),
        *("mute", "sensitivity", "quiet_gate", "stop_after", "patience", "restart_listening"),
        *("practice_goal", "week_goal", "last_practice"),
        *("a4", "in_tune", "tempo", "key", "cents", "tempo_drift", "chord", "next_chord"),
        *("dynamic", "vibrato", "genre", "note", "practice_ms"),
        *("practice_enabled", "practice_tuning", "practice_tempo", "practice_key"),
        *("practice_notes", "practice_dynamics", "practice_chords", "practice_genre"),
        *("practice_live_notes", "practice_reference_hz"),
    }
    of_families = {
        f"{family}_{what}" for family in node.families for what in ("playing", "minutes_today")
    }
    of_families |= {f"{family}_score" for family in node.families}
    of_shown = {f"sensitivity_{family}" for family in node.shown}
    found = entities(node)
    assert found.keys() == fixed | of_families | of_shown
    assert all(e["unique_id"] == f"timbrel_living_room_{key}" for key, e in found.items())


def test_enables_listed_families_only() -> None:
    enabled = {key for key, e in entities(NODE).items() if e.get("enabled_by_default", True)}
    assert {"flute_playing", "flute_minutes_today"} <= enabled
    assert not {key for key in enabled if key.startswith(("drums", "organ"))}
    assert "played" in enabled
    assert "heard" not in enabled
    assert not {key for key in enabled if key.endswith("_score")}


def test_removes_the_sensitivity_of_an_unlisted_family() -> None:
    components = announced(NODE)["components"]
    assert components["sensitivity_flute"]["name"] == "Flute sensitivity"
    assert components["sensitivity_drums"] == {"platform": "number"}


def test_announces_no_settings_without_controls() -> None:
    found = entities(NODE, controls=False)
    assert not {e["platform"] for e in found.values()} & {"number", "switch", "select", "button"}
    assert announced(NODE, controls=False)["components"]["sensitivity_flute"] == {
        "platform": "number"
    }


def test_every_setting_has_a_state_topic() -> None:
    settings = {
        key: entity
        for platform in ("number", "switch", "select")
        for key, entity in on_platform(NODE, platform).items()
    }
    for key, entity in settings.items():
        assert entity["command_topic"] == NODE.topic(f"{key}/set")
        assert entity["state_topic"] == NODE.topic(key)
        assert entity["entity_category"] == "config"


def test_patience_is_a_select() -> None:
    assert entities(NODE)["patience"]["options"] == ["quick", "normal", "sure"]
    assert entities(NODE)["patience"]["default_entity_id"] == "select.living_room_patience"


def test_level_and_scores_are_unavailable_while_deaf_or_muted() -> None:
    for key in ("level", "flute_score"):
        entity = entities(NODE)[key]
        topics = [entry["topic"] for entry in entity["availability"]]
        assert topics == [
            "home/music/attic/availability",
            "home/music/living_room/availability",
            "home/music/living_room/hearing",
        ]
        assert entity["availability_mode"] == "all"


def test_no_entity_expires() -> None:
    assert not [key for key, entity in entities(NODE).items() if "expire_after" in entity]


def test_nodes_do_not_share_ids() -> None:
    other = Node("b", "kitchen", ("flute",), "m", "v")
    assert not {e["unique_id"] for e in entities(NODE).values()} & {
        e["unique_id"] for e in entities(other).values()
    }


def test_instrument_is_none_or_a_family() -> None:
    assert entities(NODE)["instrument"]["options"] == ["none", "drums", "flute", "organ"]


def test_event_entity_has_exactly_our_event_types() -> None:
    heard = entities(NODE)["heard"]
    started = EventStarted("flute", 3.5, 7.0, 0.9)
    ended = EventEnded("flute", 3.5, 9.0, 0.8, 9.0, 0.9)
    sent = [messages.event(NODE, event, "abc", 0.0, ShownScores()) for event in (started, ended)]
    assert heard["event_types"] == [json.loads(m.payload)["event_type"] for m in sent]
    assert {message.topic for message in sent} == {heard["state_topic"]}


def test_played_has_a_type_for_every_start_and_end_of_a_family() -> None:
    played = entities(NODE)["played"]
    assert played["event_types"] == [
        *("drums_started", "drums_ended", "flute_started", "flute_ended"),
        *("organ_started", "organ_ended"),
    ]
    assert played["state_topic"] == NODE.topic("event")


def test_old_event_does_not_look_new_when_the_box_returns() -> None:
    """Home Assistant shows an event entity that becomes available again as a new event."""
    (availability,) = entities(NODE)["played"]["availability"]
    assert availability == {
        "topic": "home/music/attic/availability",
        "value_template": "online",
    }


@pytest.mark.parametrize("name", ["LivingRoom", "DG", "timbrel", "first_floor-2"])
def test_device_name_keeps_the_users_spelling(name: str) -> None:
    called = announced(Node(name, name, ("flute",), "m", "v"))["device"]["name"]
    assert called[1:] == name.replace("_", " ")[1:]
    assert called[0] == name[0].upper()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("living_room", "sensor.living_room_last_session"),
        ("DG-2", "sensor.dg_2_last_session"),
        ("a__b", "sensor.a_b_last_session"),
        ("_x-", "sensor.x_last_session"),
        ("-", "sensor.last_session"),
    ],
)
def test_entity_ids_match_those_of_home_assistant(name: str, expected: str) -> None:
    node = Node(name, name, ("flute",), "m", "v")
    assert entities(node)["last_session"]["default_entity_id"] == expected
    assert entity_ids(node)["last_session"] == expected


def test_entities_of_0_1_0_keep_their_unique_ids() -> None:
    """Then Home Assistant assigns the three entities of 0.1.0 to the newer version."""
    before = {f"timbrel_living_room_{key}" for key in ("playing", "instrument", "heard")}
    assert before <= {e["unique_id"] for e in entities(NODE).values()}


@pytest.mark.parametrize(
    ("config", "topics"),
    [
        (b'{"availability": [{"topic": "a"}, {"topic": "b"}]}', {"a", "b"}),
        (b'{"availability": [{"topic": "a"}, {"topic": 1}]}', {"a"}),
        (b'{"availability": [{"topic": ["a"]}]}', set()),
        (b'{"availability": 1}', set()),
        (b"[" * 100_000, set()),
        (b"\xff", set()),
        (b"", set()),
    ],
)
def test_reads_availability_topics_from_any_message(config: bytes, topics: set[str]) -> None:
    assert availability_of(config) == topics


LABELS = replace(
    NODE,
    families=("10", "Äolsharfe", "aolsharfe", "琴", "'\"}} {{x"),
    shown=("Äolsharfe", "琴"),
)


def test_labels_have_slugs_in_ids_and_topics_and_their_own_names() -> None:
    components = entities(LABELS)
    named = {
        "10_playing": ("10", "binary_sensor.living_room_10"),
        "aolsharfe_playing": ("Äolsharfe", "binary_sensor.living_room_aolsharfe"),
        "aolsharfe_2_playing": ("Aolsharfe", "binary_sensor.living_room_aolsharfe_2"),
        "4_playing": ("琴", "binary_sensor.living_room_4"),
        "4_score": ("琴 score", "sensor.living_room_4_score"),
        "4_minutes_today": ("琴 minutes today", "sensor.living_room_4_minutes_today"),
        "sensitivity_4": ("琴 sensitivity", "number.living_room_4_sensitivity"),
    }
    for key, (name, entity_id) in named.items():
        assert (components[key]["name"], components[key]["default_entity_id"]) == (name, entity_id)
    assert components["sensitivity_aolsharfe"]["command_topic"] == (
        "home/music/living_room/sensitivity_aolsharfe/set"
    )
    assert components["instrument"]["options"] == ["none", *LABELS.families]
    assert len({c.get("default_entity_id", key) for key, c in components.items()}) == len(
        components
    )


def test_templates_find_any_label() -> None:
    jinja2 = pytest.importorskip("jinja2", reason="needs Jinja, which Home Assistant uses")
    components = entities(LABELS)
    state = {"playing": True, "families": {LABELS.families[4]: {}, "琴": {}}}
    shown = [
        jinja2.Template(components[f"{LABELS.slug(label)}_playing"]["value_template"]).render(
            value_json=state
        )
        for label in LABELS.families
    ]
    assert shown == ["OFF", "OFF", "OFF", "ON", "ON"]
    for number, label in enumerate(LABELS.families):
        template = jinja2.Template(components[f"{LABELS.slug(label)}_score"]["value_template"])
        assert template.render(value_json={label: number}) == str(number)
