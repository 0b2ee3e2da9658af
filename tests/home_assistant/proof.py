"""What a real Home Assistant makes of Timbrel; `script/test-home-assistant` starts this.

Everything is real here but the sound: a sound server without hardware plays the medley. Prints a
line for each proof and exits with how many failed.
"""

import argparse
import json
import math
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import paho.mqtt.client as paho
import soundfile
import yaml
from paho.mqtt.enums import CallbackAPIVersion

from daemon.hub.home_assistant.discovery import discovery
from daemon.hub.messages import Node
from daemon.sound.sound_file import read_sound
from tests.conftest import MEDLEY, ROOT, Mosquitto, Received, VirtualMicrophone, Watcher
from tests.home_assistant import pictures
from tests.home_assistant.instance import SHIPPED, HomeAssistant, within

NODE = "music_room"
SHOWN = ("guitar", "keyboard", "drums", "flute")
FAMILIES = ("drums", "flute", "guitar", "keyboard", "synth_lead")
BINARY, SENSOR, EVENT = "binary_sensor.music_room_", "sensor.music_room_", "event.music_room_"
SWITCH, NUMBER, BUTTON = "switch.music_room_", "number.music_room_", "button.music_room_"
# key: entity id, name, category, unit, enabled at once
EXPECTED: dict[str, tuple[str, str, str | None, str | None, bool]] = {
    "playing": (BINARY + "playing", "Playing", None, None, True),
    "instrument": (SENSOR + "instrument", "Instrument", None, None, True),
    # A box that was there before `played` was keeps it; a new one has it disabled.
    "heard": (EVENT + "heard", "Heard", None, None, True),
    "played": (EVENT + "played", "Played", None, None, True),
    "minutes_today": (SENSOR + "minutes_today", "Minutes today", None, "min", True),
    "session": (SENSOR + "session", "Session", None, None, True),
    "last_session": (SENSOR + "last_session", "Last session", None, "min", True),
    "guitar_playing": (BINARY + "guitar", "Guitar", None, None, True),
    "organ_playing": (BINARY + "organ", "Organ", None, None, False),
    "guitar_minutes_today": (
        SENSOR + "guitar_minutes_today",
        "Guitar minutes today",
        None,
        "min",
        True,
    ),
    "organ_minutes_today": (
        SENSOR + "organ_minutes_today",
        "Organ minutes today",
        None,
        "min",
        False,
    ),
    "guitar_score": (SENSOR + "guitar_score", "Guitar score", "diagnostic", None, False),
    "synth_lead_score": (
        SENSOR + "synth_lead_score",
        "Synth lead score",
        "diagnostic",
        None,
        False,
    ),
    "hearing": (BINARY + "hearing", "Hearing", "diagnostic", None, True),
    "level": (SENSOR + "level", "Level", "diagnostic", "dBFS", True),
    "inference_ms": (SENSOR + "inference_time", "Inference time", "diagnostic", "ms", False),
    "lost_seconds": (SENSOR + "lost_sound", "Lost sound", "diagnostic", "s", True),
    "queued": (SENSOR + "queued_events", "Queued events", "diagnostic", None, False),
    "model": (SENSOR + "model", "Model", "diagnostic", None, True),
    "started": (SENSOR + "running_since", "Running since", "diagnostic", None, True),
    "mute": (SWITCH + "mute", "Mute", "config", None, True),
    "sensitivity": (NUMBER + "sensitivity", "Sensitivity", "config", None, True),
    "sensitivity_guitar": (
        NUMBER + "guitar_sensitivity",
        "Guitar sensitivity",
        "config",
        None,
        True,
    ),
    "quiet_gate": (NUMBER + "quiet_gate", "Quiet gate", "config", "dBFS", True),
    "stop_after": (NUMBER + "stop_after", "Stop after", "config", "s", True),
    "restart_listening": (
        BUTTON + "restart_listening",
        "Restart listening",
        "config",
        None,
        True,
    ),
}
# The broker's absence, which we cause; and, of old versions, what they say of a device whose
# removal they hear back from the broker.
EXPECTED_COMPLAINTS = (
    "The client is not currently connected",
    "Disconnected from MQTT server",
    "Failed to connect to MQTT",
    "Error returned from MQTT server",
    "No device components to cleanup",
)
# What Timbrel 0.1.0 announces for this node.
ANNOUNCED_BY_0_1_0 = Path(__file__).with_name("announced_by_0_1_0.json")
ENTITY_ID = re.compile(r"\b(?:binary_sensor|sensor|event|number|switch|button)\.\w+")


# What a form makes of the blueprints.
BLUEPRINTED = f"""
- id: practice_starts
  alias: Practice starts
  use_blueprint:
    path: timbrel/practice-starts.yaml
    input:
      playing: {BINARY}playing
      scene: [scene.practice]
      quiet: [input_boolean.quiet_please]
      played_for: {{seconds: 2}}
      silent_for: {{seconds: 2}}
      afterwards:
        - action: persistent_notification.create
          data: {{notification_id: afterwards, message: It is over}}
- id: practice_at_home
  alias: When somebody practises
  use_blueprint:
    path: timbrel/practice-starts.yaml
    input:
      playing: {BINARY}guitar
      scene: [scene.practice]
      quiet: [input_boolean.quiet_please]
- id: practice_reminder
  alias: Practice reminder
  use_blueprint:
    path: timbrel/practice-reminder.yaml
    input:
      minutes: {SENSOR}minutes_today
      least: 240
      at: "18:00:00"
      remind:
        - action: persistent_notification.create
          data: {{notification_id: reminder, message: Nobody has practised yet}}
"""


def as_shipped(name: str) -> str:
    """A file of ours for this node."""
    return (SHIPPED / name).read_text().replace(".timbrel_", f".{NODE}_")


def dashboard_of(config: Path) -> str:
    """What `timbrel dashboard` prints for a configuration."""
    command = [sys.executable, "-m", "daemon", "dashboard", "--config", str(config)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def quicker(automations: str) -> str:
    """The same automations for who cannot wait."""
    return (
        automations.replace(f"{BINARY}guitar", f"{BINARY}drums")
        .replace("guitar_started", "drums_started")
        .replace("The guitar is", "The drums are")
        .replace("above: 10", "above: 0.05")
        .replace("00:05:00", "00:00:01")
    )


class House:
    """A broker, a Home Assistant, a virtual microphone, and Timbrel listening to it."""

    def __init__(
        self,
        tree: Path,
        home: str,
        stack: ExitStack,
        version: str,
        pictures: Path | None = None,
    ) -> None:
        self.version = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
        self.pictures = pictures
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp")))
        self.broker = Mosquitto(
            self.folder,
            "allow_anonymous true\npersistence true\n"
            f"persistence_location {self.folder}/\nautosave_interval 1\n",
        )
        self.broker.start()
        stack.callback(self.broker.kill)
        self.microphone = VirtualMicrophone(self.folder)
        self.microphone.start()
        stack.callback(self.microphone.kill)
        self.hub = HomeAssistant(tree, home)
        self.config = self.folder / "timbrel.yaml"
        self.config.write_text(
            f"name: {NODE}\n"
            "audio: {device: pulse, gate_dbfs: -60}\n"
            f"mqtt: {{host: 127.0.0.1, port: {self.broker.port}, families: {list(SHOWN)}, "
            "area: Attic}\n"
            "practice: {gap_seconds: 20, least_seconds: 5}\n"
            f"state: {{directory: {self.folder}/state}}\n"
        )
        self.hub.put("dashboard.yaml", dashboard_of(self.config))
        self.hub.put("automations.yaml", quicker(as_shipped("automations.yaml")) + BLUEPRINTED)
        for name in ("practice-starts.yaml", "practice-reminder.yaml"):
            text = as_shipped(f"blueprints/{name}")
            self.hub.put(f"blueprints/automation/timbrel/{name}", text)
        self.hub.start()
        stack.callback(self.hub.stop)
        self.hub.onboard()
        self.daemon: subprocess.Popen[str] | None = None
        stack.callback(self.kill_daemon)
        sound = read_sound(str(MEDLEY))
        # A room is never without any sound; what is, counts as a dead microphone.
        hiss = np.random.default_rng(1).normal(0.0, 0.0003, 40 * 60 * 16_000)
        soundfile.write(self.folder / "hiss.wav", hiss, 16_000)
        background = self.microphone.play(self.folder / "hiss.wav")
        stack.callback(background.wait)
        stack.callback(background.kill)
        self.medley = self.folder / "medley.wav"
        soundfile.write(self.medley, sound, 16_000)
        self.drums = self.folder / "drums.wav"
        drums = sound[int(48.9 * 16_000) : int(57.3 * 16_000)]
        soundfile.write(self.drums, np.concatenate([drums, drums]), 16_000)
        self.long_drums = self.folder / "long_drums.wav"
        soundfile.write(self.long_drums, np.concatenate([drums] * 9), 16_000)

    def start_daemon(self) -> None:
        log = (self.folder / "timbrel.log").open("a")
        self.daemon = subprocess.Popen(
            [sys.executable, "-m", "daemon", "run", "--config", self.config],
            cwd=ROOT,
            env=self.microphone.environment,
            stderr=log,
            text=True,
        )

    def stop_daemon(self) -> None:
        if self.daemon is not None:
            self.daemon.send_signal(signal.SIGTERM)
            assert self.daemon.wait(15) == 0, (self.folder / "timbrel.log").read_text()
            self.daemon = None

    def log_tail(self) -> str:
        """The last that the daemon said."""
        return "\n".join((self.folder / "timbrel.log").read_text().splitlines()[-20:])

    def kill_daemon(self) -> None:
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon.wait()
            self.daemon = None

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """A message of somebody else's."""
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", self.broker.port)
        client.loop_start()
        client.publish(topic, payload, 1, retain).wait_for_publish(5)
        client.disconnect()
        client.loop_stop()

    def listens(self) -> bool:
        """Whether anybody has the microphone open."""
        return bool(self.microphone.control("list", "short", "source-outputs").stdout.strip())

    def is_right(self, *, playing: str = "off") -> bool:
        """Whether the hub shows what is the case."""
        hub = self.hub
        return (
            hub.state(BINARY + "hearing") == "on"
            and hub.state(BINARY + "playing") == playing
            and hub.state(SENSOR + "instrument") not in {None, "unknown", "unavailable"}
            and hub.state(SWITCH + "mute") == "off"
            and hub.state(NUMBER + "sensitivity") not in {None, "unknown", "unavailable"}
            and hub.state(SENSOR + "minutes_today") not in {None, "unknown", "unavailable"}
            and hub.state(SENSOR + "level") not in {None, "unknown", "unavailable"}
        )


def took(seconds: float, house: House, what: str, **wanted: Any) -> float:
    """Wait until the hub shows what is the case; how long that took."""
    began = time.monotonic()
    within(seconds, lambda: house.is_right(**wanted), what)
    return time.monotonic() - began


def later(watcher: Watcher, topic: str, before: int) -> list[Received]:
    """What came on a topic after so many."""
    return watcher.of(topic)[before:]


def has_entity(hub: HomeAssistant, node: str, key: str) -> bool:
    return key in hub.of_node(node)


def is_gone(hub: HomeAssistant, node: str) -> bool:
    return not hub.of_node(node)


def shows(hub: HomeAssistant, entity_id: str, state: str) -> bool:
    return hub.state(entity_id) == state


def is_set_to(hub: HomeAssistant, number: str, value: float) -> bool:
    return float(hub.state(NUMBER + number) or "nan") == value


def migration(house: House) -> str:
    """What 0.1.0 announced is taken over as its user left it; new entities come beside it."""
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
    assert after.keys() - keys == {"played"}, after.keys() - keys
    return f"{len(before)} entities of 0.1.0 kept; new: {', '.join(after.keys() - keys)}"


def entities(house: House) -> str:
    """Names, ids, categories, units, and what is enabled."""
    hub = house.hub
    light = {"name": "Music corner", "unique_id": "music_corner", "command_topic": "proof/light"}
    house.publish(
        "homeassistant/light/music_corner/config", json.dumps(light).encode(), retain=True
    )
    within(5, lambda: hub.state("light.music_corner"), "a light")
    took(30, house, "states")
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
        # Without one the hub says On and Off.
        assert "device_class" not in hub.attributes(BINARY + entity), entity
    families = 12
    assert len(found) == 19 + 3 * families + len(SHOWN), len(found)
    (device,) = [
        d
        for d in hub.ask("config/device_registry/list")
        if ["mqtt", f"timbrel_{NODE}"] in d["identifiers"]
    ]
    assert device["name"] == "Music room"
    assert device["manufacturer"] == "Timbrel"
    return f"{len(found)} of them, {sum(e['disabled_by'] is None for e in found.values())} enabled"


def area(house: House) -> str:
    """A new device is put into its room; one that is announced away goes."""
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
    within(10, lambda: "sensitivity_guitar" not in hub.of_node("attic"), "it gone again")
    house.publish(message.topic, b"", retain=True)
    within(10, lambda: not hub.of_node("attic"), "all gone")
    return "in its room; a sensitivity comes and goes with the settings; then the device"


def icons(house: House) -> str:
    """Every icon is one that the frontend has."""
    wanted = {e["original_icon"] for e in house.hub.of_node(NODE).values() if e["original_icon"]}
    files = list(house.hub.frontend.rglob("static/mdi/*.json"))
    known = "".join(file.read_text() for file in files)
    missing = {icon for icon in wanted if f'"{icon.removeprefix("mdi:")}"' not in known}
    assert files
    assert not missing, missing
    return f"{len(wanted)} icons"


def without_repeats(names: Iterable[str]) -> list[str]:
    """What a quiet room becomes, each change once."""
    following = ["none"]
    for name in names:
        if name != following[-1]:
            following.append(name)
    return following


def medley(house: House) -> str:
    """What is played is shown, in its order, and each event once."""
    hub, line = house.hub, house.hub.socket()
    line.ask("subscribe_events", event_type="state_changed")
    with Watcher(house.broker.port) as watcher:
        playing = house.microphone.play(house.medley)
        changes = line.events(100)
        assert playing.wait(10) == 0
        line.close()
        topic = f"timbrel/{NODE}/"
        told = [m.json for m in watcher.of(topic + "state") if not m.retained]
        sent = [m.json for m in watcher.of(topic + "event")]
        said = [m for m in watcher.received if m.topic.startswith(topic) and not m.retained]

    def shown(entity_id: str) -> list[dict[str, Any]]:
        states = (c["data"] for c in changes if c["data"]["entity_id"] == entity_id)
        return [c["new_state"] for c in states]

    instruments = without_repeats(s["state"] for s in shown(SENSOR + "instrument"))
    wanted = without_repeats(state["instrument"] for state in told)
    assert instruments == wanted, (instruments, wanted)
    passages = json.loads(MEDLEY.with_suffix(".json").read_text())["passages"]
    played = dict.fromkeys(p["what"] for p in passages if p["kind"] == "family")
    first_shown = dict.fromkeys(name for name in instruments if name != "none")
    assert list(first_shown) == list(played), instruments
    fired = shown(EVENT + "heard")
    assert len(fired) == len(sent) >= 8, (len(fired), len(sent))
    for state, event in zip(fired, sent, strict=True):
        attributes = state["attributes"]
        for key in ("event_type", "event_id", "family", "score", "onset"):
            assert attributes[key] == event[key], (key, attributes)
        assert attributes.get("duration_seconds") == event.get("duration_seconds")
    played_events = shown(EVENT + "played")
    assert len(played_events) == len(sent), (len(played_events), len(sent))
    for state, event in zip(played_events, sent, strict=True):
        attributes = state["attributes"]
        assert attributes["event_type"] == f"{event['family']}_{event['event_type']}"
        for key in event.keys() - {"event_type"}:
            assert attributes[key] == event[key], (key, attributes)
    drums = [s["state"] for s in shown(BINARY + "drums")]
    assert drums[:2] == ["on", "off"], drums
    within(40, lambda: hub.state(SENSOR + "session") == "unknown", "the session's end")
    last = hub.attributes(SENSOR + "last_session")
    assert "drums" in last["instruments"], last
    minutes = float(hub.state(SENSOR + "minutes_today") or "nan")
    assert 0.4 <= minutes <= 1.5, minutes
    kinds = Counter(message.topic.removeprefix(topic) for message in said)
    return (
        f"{' → '.join(instruments)}; {len(sent)} events, each once; {minutes} minutes; "
        f"{len(said)} messages in 100 s: {', '.join(f'{n} {leaf}' for leaf, n in kinds.items())}"
    )


def activity(house: House) -> str:
    """The hub's activity names each start and end, in the order in which they came."""
    hub, entity_id = house.hub, EVENT + "played"
    newest = hub.attributes(entity_id)["event_type"]
    began = quote((datetime.now(UTC) - timedelta(minutes=15)).isoformat())
    rows = within(
        20,
        lambda: (
            (found := hub.get(f"/api/logbook/{began}?entity={entity_id}"))[-1]["state"]
            == hub.state(entity_id)
            and found
        ),
        "the newest event in the activity",
    )
    types = [row.get("attributes", {}).get("event_type") for row in rows]
    events = [row for row in rows if row["state"] not in {"unknown", "unavailable"}]
    assert len({row["state"] for row in events}) == len(events), events[:3]
    if house.version < (2026, 11):
        return f"{len(events)} rows; this version names no types there"
    named = [kind for kind in types if kind is not None]
    assert len(named) == len(events), rows
    assert named[-1] == newest
    assert all(re.fullmatch("[a-z_]+_(started|ended)", kind) for kind in named), named
    return f"{len(events)} rows: {', '.join(named[:4])} …"


def any_name(house: House) -> str:
    """The dashboard of a box is right without editing, whatever its places are called."""
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
    said = [hub.render(template) for template in headlines]
    assert all(text.strip().startswith("# Not running") for text in said), said
    for name in names:
        house.publish(f"homeassistant/device/timbrel_{name}/config", b"", retain=True)
        within(20, partial(is_gone, hub, name), f"{name} gone")
    return f"{', '.join(names)}: {len(shown)} entities, all known"


def bars_follow(house: House) -> str:
    """A score is shown within five seconds, in less than thirty messages a minute."""
    hub, score = house.hub, SENSOR + "drums_score"
    for family in SHOWN:
        entity_id = f"{SENSOR}{family}_score"
        hub.ask("config/entity_registry/update", entity_id=entity_id, disabled_by=None)
    within(60, lambda: hub.state(score) not in {None, "unknown", "unavailable"}, "scores enabled")
    began = datetime.now(UTC)
    playing = house.microphone.play(house.long_drums)
    within(30, lambda: hub.state(BINARY + "drums") == "on", "drums")
    with Watcher(house.broker.port) as watcher:
        time.sleep(60)
        topic = f"timbrel/{NODE}/"
        said = [m for m in watcher.received if m.topic.startswith(topic) and not m.retained]
    assert playing.wait(60) == 0
    within(30, lambda: hub.state(BINARY + "drums") == "off", "the end of the drums")
    time.sleep(10)
    plays, scores = (hub.history(entity, began) for entity in (BINARY + "drums", score))
    on = next(at for state, at in plays if state == "on")
    off = next(at for state, at in plays if state == "off" and at > on)
    high = next(at for state, at in scores if number(state) >= 0.5)
    low = next(at for state, at in scores if at > high and number(state) < 0.5)
    lags = [(high - on).total_seconds(), (low - off).total_seconds()]
    assert all(lag <= 5.0 for lag in lags), lags
    assert len(said) < 30, Counter(message.topic for message in said)
    return (
        f"shown {lags[0]:+.1f} s after drums are on, {lags[1]:+.1f} s after they are off; "
        f"{len(said)} messages in a minute of drums"
    )


def number(state: str) -> float:
    """A state as a number; NaN where it is none."""
    try:
        return float(state)
    except ValueError:
        return math.nan


def shipped(house: House) -> str:
    """The dashboard shows what exists, and automations and blueprints do what they say."""
    hub = house.hub
    names = ["the_light_follows_the_guitar", "a_session_of_practice_has_ended"]
    names += ["somebody_plays_the_guitar", "the_microphone_is_gone"]
    names += ["practice_starts", "practice_reminder"]
    for name in names:
        assert hub.state(f"automation.{name}") == "on", name
    loaded = hub.ask("blueprint/list", domain="automation")
    ours = {path: entry for path, entry in loaded.items() if path.startswith("timbrel/")}
    assert len(ours) == 2, loaded.keys()
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

    def of(entity_id: str) -> list[str]:
        return [c["new_state"]["state"] for c in changes if c["entity_id"] == entity_id]

    assert of("light.music_corner")[-2:] == ["on", "off"], of("light.music_corner")
    assert of("input_boolean.quiet_please") == ["on", "off"], of("input_boolean.quiet_please")
    assert of("input_boolean.music_light") == ["on"], of("input_boolean.music_light")
    hub.call("automation.trigger", entity_id="automation.practice_reminder", skip_condition=False)
    hearing = f"timbrel/{NODE}/hearing"
    for state in ("deaf", "hearing"):
        body = {"hearing": state, "reason": "unplugged", "since": "2026-01-01T00:00:00+00:00"}
        house.publish(hearing, json.dumps(body).encode(), retain=True)
        time.sleep(2)
    said = {n["message"] for n in hub.ask("persistent_notification/get")}
    assert {"It is over", "Nobody has practised yet", "unplugged"} <= said, said
    assert any(message.startswith("The drums are played since ") for message in said), said
    assert any("minutes of" in message and "drums" in message for message in said), said
    return f"{len(names)} automations, 2 of them blueprints; {len(shown)} entities on the dashboard"


def holds(value: str, received: Received) -> bool:
    """Whether that is what was received."""
    return received.payload == value.encode()


def commands(house: House) -> str:
    """What is set there holds here, is echoed, and what is wrong is refused."""
    hub = house.hub
    with Watcher(house.broker.port) as watcher:
        topic = f"timbrel/{NODE}/"
        for entity, leaf, value in (
            ("sensitivity", "sensitivity", 70),
            ("guitar_sensitivity", "sensitivity_guitar", 35),
            ("quiet_gate", "quiet_gate", -55),
            ("stop_after", "stop_after", 9),
        ):
            hub.call("number.set_value", entity_id=NUMBER + entity, value=value)
            within(5, partial(is_set_to, hub, entity, value), f"{entity} echoed")
            watcher.wait_for(topic + leaf, partial(holds, str(value)))
        for wrong in (b"101", b"nan", b"", b"5" * 1000, b"\xff"):
            before = len(watcher.of(topic + "sensitivity"))
            house.publish(topic + "sensitivity/set", wrong)
            echoed = within(
                5, partial(later, watcher, topic + "sensitivity", before), f"an echo of {wrong!r}"
            )
            assert {m.payload for m in echoed} == {b"70"}
        house.stop_daemon()
        house.publish(topic + "sensitivity/set", b"10", retain=True)
        house.start_daemon()
        took(20, house, "states after a restart with settings of the hub's")
        time.sleep(1.5)
        house.publish(topic + "sensitivity/set", b"", retain=True)
        assert is_set_to(hub, "sensitivity", 70)
        assert is_set_to(hub, "quiet_gate", -55)
    hub.call("number.set_value", entity_id=NUMBER + "sensitivity", value=50)
    hub.call("number.set_value", entity_id=NUMBER + "quiet_gate", value=-60)
    return "four numbers set, echoed, kept over a restart; five wrong ones and a retained refused"


def mute(house: House) -> str:
    """Mute closes the microphone, also over a restart; unmuting opens it."""
    hub = house.hub
    assert house.listens()
    began = time.monotonic()
    hub.call("switch.turn_on", entity_id=SWITCH + "mute")
    within(5, lambda: not house.listens(), "the microphone closed")
    closed = time.monotonic() - began
    within(5, lambda: hub.state(SWITCH + "mute") == "on", "mute shown")
    within(5, lambda: hub.state(BINARY + "playing") == "unknown", "playing unknown")
    assert hub.state(BINARY + "hearing") == "off"
    assert hub.attributes(BINARY + "hearing")["hearing"] == "muted"
    assert hub.state(SENSOR + "level") == "unavailable"
    house.stop_daemon()
    house.start_daemon()
    within(10, lambda: hub.state(SWITCH + "mute") == "on", "mute shown after a restart")
    time.sleep(3)
    assert not house.listens()
    began = time.monotonic()
    hub.call("switch.turn_off", entity_id=SWITCH + "mute")
    within(10, house.listens, "the microphone open")
    opened = time.monotonic() - began
    took(15, house, "states after muting")
    return f"closed after {closed:.1f} s, stays so over a restart, open after {opened:.1f} s"


def restart_listening(house: House) -> str:
    """The button opens the microphone anew."""
    outputs = house.microphone.control("list", "short", "source-outputs").stdout.split()[0]
    house.hub.call("button.press", entity_id=BUTTON + "restart_listening")
    within(
        10,
        lambda: (
            (now := house.microphone.control("list", "short", "source-outputs").stdout.split())
            and now[0] != outputs
        ),
        "another stream",
    )
    took(15, house, "states after the button")
    return "a new stream of the microphone"


def draw(house: House) -> str:
    """The pictures of the documentation."""
    hub = house.hub
    if house.pictures is None:
        return "none asked for"
    for family, share in zip(SHOWN, (0.9, 0.7, 0.4, 0.2), strict=True):
        pictures.make_up_a_week(hub, f"{SENSOR}{family}_minutes_today", share)
    (device,) = [
        d["id"]
        for d in hub.ask("config/device_registry/list")
        if ["mqtt", f"timbrel_{NODE}"] in d["identifiers"]
    ]
    # As on a box that is new.
    hub.ask("config/entity_registry/update", entity_id=EVENT + "heard", disabled_by="user")
    house.microphone.play(house.medley).wait(100)
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


def hub_restarts(house: House) -> str:
    """Home Assistant starts again."""
    house.hub.stop()
    began = house.hub.start()
    right = took(10, house, "states after its restart")
    return f"right {right:.1f} s after its start, which takes {began:.0f} s"


def broker_restarts(house: House) -> str:
    """The broker dies and comes back, once with and once without what it had kept."""
    house.broker.kill()
    within(10, lambda: house.hub.state(BINARY + "playing") == "unavailable", "unavailable")
    house.broker.start()
    # Home Assistant itself tries every ten seconds.
    with_memory = took(15, house, "states after the broker's restart")
    house.broker.kill()
    for file in house.folder.glob("mosquitto.db*"):
        file.unlink()
    within(10, lambda: house.hub.state(BINARY + "playing") == "unavailable", "unavailable")
    house.broker.start()
    without = took(15, house, "states after an empty broker")
    return f"right after {with_memory:.1f} s, and with an empty broker after {without:.1f} s"


def daemon_restarts(house: House) -> str:
    """Timbrel ends, dies, and comes back."""
    hub = house.hub
    newest = hub.state(EVENT + "played")
    line = hub.socket()
    line.ask("subscribe_events", event_type="state_changed")
    house.stop_daemon()
    within(5, lambda: hub.state(BINARY + "playing") == "unavailable", "unavailable after its end")
    house.start_daemon()
    again = took(15, house, "states after its start")
    assert house.daemon is not None
    house.daemon.kill()
    began = time.monotonic()
    within(15, lambda: hub.state(SENSOR + "instrument") == "unavailable", "the last will")
    will = time.monotonic() - began
    house.daemon.wait()
    house.start_daemon()
    took(15, house, "states after its death")
    changed = {change["data"]["entity_id"] for change in line.events(2)}
    line.close()
    assert BINARY + "playing" in changed
    # An event that comes back would be shown as another one.
    assert EVENT + "played" not in changed
    assert hub.state(EVENT + "played") == newest
    return f"right {again:.1f} s after its start; its will is seen after {will * 1000:.0f} ms"


def two_places(house: House) -> str:
    """The places of one box are devices of their own, which go with it and come with it."""
    hub, cellar = house.hub, "binary_sensor.cellar_"
    house.stop_daemon()
    alone = house.config.read_text()
    both = (
        f"name: house\nsources: [{{name: {NODE}, device: pulse}}, {{name: cellar, device: pulse}}]"
    )
    house.config.write_text(
        alone.replace(f"name: {NODE}", both).replace("device: pulse, gate_dbfs", "gate_dbfs")
    )
    house.start_daemon()
    took(15, house, "the first place")
    within(15, lambda: hub.state(cellar + "hearing") == "on", "the second place")
    assert len(hub.of_node("cellar")) == len(hub.of_node(NODE))
    playing = house.microphone.play(house.drums)
    within(30, lambda: hub.state(cellar + "drums") == "on", "drums in the second place")
    within(5, lambda: hub.state(BINARY + "drums") == "on", "drums in the first place")
    hub.call("switch.turn_on", entity_id="switch.cellar_mute")
    within(5, lambda: hub.state(cellar + "hearing") == "off", "the second place muted")
    assert hub.state(BINARY + "hearing") == "on"
    assert house.daemon is not None
    house.daemon.kill()
    for entity_id in (cellar + "playing", BINARY + "playing"):
        within(15, partial(shows, hub, entity_id, "unavailable"), f"{entity_id} gone")
    house.daemon.wait()
    house.config.write_text(alone)
    assert playing.wait(30) == 0
    house.start_daemon()
    took(15, house, "one place again")
    within(15, lambda: not hub.of_node("cellar"), "no entity of the second place left")
    return "two devices hear the drums, one is muted alone, both go with the box; one is retired"


def hub_starts_last(house: House) -> str:
    """Home Assistant comes to a broker that has forgotten everything, and asks nobody."""
    house.hub.stop()
    house.broker.kill()
    for file in house.folder.glob("mosquitto.db*"):
        file.unlink()
    house.broker.start()
    house.hub.start()
    return f"right after {took(10, house, 'states'):.1f} s"


def log_is_quiet(house: House) -> str:
    """Nothing at warning or above names us."""
    complaints = [
        line
        for line in house.hub.complaints()
        if not any(words in line for words in EXPECTED_COMPLAINTS)
    ]
    assert not complaints, "\n".join(complaints[:20])
    return f"{len(house.hub.log.splitlines())} lines read"


def forget(house: House) -> str:
    """A node that is gone leaves nothing behind, there or at the broker."""
    command = [sys.executable, "-m", "daemon", "forget", NODE, "--config", str(house.config)]
    refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert refused.returncode == 2, refused
    house.stop_daemon()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done
    within(10, lambda: not house.hub.of_node(NODE), "no entity left")
    with Watcher(house.broker.port) as watcher:
        time.sleep(1)
        left = [m.topic for m in watcher.received if NODE in m.topic]
    assert not left, left
    return f"{done.stdout.strip()}; while it runs: {refused.stderr.strip()}"


PROOFS = [
    migration,
    entities,
    area,
    icons,
    medley,
    activity,
    any_name,
    shipped,
    bars_follow,
    commands,
    mute,
    restart_listening,
    draw,
    hub_restarts,
    broker_restarts,
    daemon_restarts,
    two_places,
    hub_starts_last,
    log_is_quiet,
    forget,
]


def main() -> int:
    """Every proof, also after one has failed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tree", type=Path, required=True)
    parser.add_argument("--home", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--only", nargs="*", default=[], metavar="PROOF")
    options = parser.parse_args()
    # What it has started ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    failed = 0
    print(f"Home Assistant {options.version}", flush=True)
    with ExitStack() as stack:
        house = House(options.tree, options.home, stack, options.version, options.pictures)
        for proof in PROOFS:
            name = proof.__name__.replace("_", " ")
            if options.only and proof.__name__ not in options.only:
                continue
            try:
                print(f"ok      {name}: {proof(house)}", flush=True)
            except Exception as error:  # noqa: BLE001
                failed += 1
                print(f"FAILED  {name}: {type(error).__name__}: {error}", flush=True)
                traceback.print_exc()
                print(house.log_tail(), file=sys.stderr, flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
