"""The parts of the proofs: a broker, a Home Assistant, a virtual microphone and Timbrel."""

import math
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import paho.mqtt.client as paho
import soundfile
from paho.mqtt.enums import CallbackAPIVersion

from daemon.sound.sound_file import read_sound
from tests.conftest import MEDLEY, ROOT, Mosquitto, VirtualMicrophone
from tests.home_assistant.blueprint_automations import blueprint_automations
from tests.home_assistant.instance import SHIPPED, HomeAssistant, within

NODE = "music_room"
BLUEPRINTS = sorted(file.name for file in (SHIPPED / "blueprints").glob("*.yaml"))
SHOWN = ("guitar", "keyboard", "drums", "flute")
FAMILIES = ("drums", "flute", "guitar", "keyboard", "synth_lead")
BINARY, SENSOR, EVENT = "binary_sensor.music_room_", "sensor.music_room_", "event.music_room_"
SWITCH, NUMBER, BUTTON = "switch.music_room_", "number.music_room_", "button.music_room_"
SELECT = "select.music_room_"
ENTITY_ID = re.compile(r"\b(?:binary_sensor|sensor|event|number|switch|button)\.\w+")


class House:
    """A broker, a Home Assistant, a virtual microphone, and a Timbrel that listens to it."""

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
        self.automations = with_short_times(as_shipped("automations.yaml"))
        self.automations += blueprint_automations(NODE)
        self.hub.put("automations.yaml", self.automations)
        for name in BLUEPRINTS:
            text = as_shipped(f"blueprints/{name}")
            self.hub.put(f"blueprints/automation/timbrel/{name}", text)
        self.hub.start()
        stack.callback(self.hub.stop)
        self.hub.onboard()
        self.daemon: subprocess.Popen[str] | None = None
        stack.callback(self.kill_daemon)
        sound = read_sound(str(MEDLEY))
        # A real room always has some noise; without it, the microphone counts as dead.
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
        """Return the last lines of the daemon's log."""
        return "\n".join((self.folder / "timbrel.log").read_text().splitlines()[-20:])

    def kill_daemon(self) -> None:
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon.wait()
            self.daemon = None

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish a message from another client."""
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", self.broker.port)
        client.loop_start()
        client.publish(topic, payload, 1, retain).wait_for_publish(5)
        client.disconnect()
        client.loop_stop()

    def has_open_microphone(self) -> bool:
        """Return whether the microphone is open."""
        return bool(self.microphone.control("list", "short", "source-outputs").stdout.strip())

    def shows_right_states(self, *, playing: str = "off") -> bool:
        """Return whether the hub shows the right states."""
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


def as_shipped(name: str) -> str:
    """Return a file of configs/home-assistant with the entity ids of this node."""
    return (SHIPPED / name).read_text().replace(".timbrel_", f".{NODE}_")


def dashboard_of(config: Path) -> str:
    """Return the output of `timbrel dashboard` for a configuration."""
    command = [sys.executable, "-m", "daemon", "dashboard", "--config", str(config)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def with_short_times(automations: str) -> str:
    """Return the automations for drums instead of the guitar, and with shorter times."""
    return (
        automations.replace(f"{BINARY}guitar", f"{BINARY}drums")
        .replace("guitar_started", "drums_started")
        .replace("The guitar is", "The drums are")
        .replace("above: 10", "above: 0.05")
        .replace("00:05:00", "00:00:01")
    )


def wait_for_states(seconds: float, house: House, what: str, **wanted: Any) -> float:
    """Wait until the hub shows the right states; return how long that took in seconds."""
    began = time.monotonic()
    within(seconds, lambda: house.shows_right_states(**wanted), what)
    return time.monotonic() - began


def as_number(state: str) -> float:
    """Return a state as a number, or NaN if it is not one."""
    try:
        return float(state)
    except ValueError:
        return math.nan
