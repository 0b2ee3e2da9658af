"""Make the files that Timbrel 0.1.0 leaves behind, by running 0.1.0 itself.

From the repository, with 0.1.0 checked out beside it:

    git worktree add /tmp/v0.1.0 v0.1.0
    .venv/bin/python -m tests.v0_1_0.make_fixture /tmp/v0.1.0

Each box (a folder with a `timbrel.yaml`) listens to the medley on a virtual microphone, gets
settings from the hub, loses its broker, and is killed while events wait and one is still open.
README.md describes the files. Takes about ten minutes.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile
import yaml

from tests.conftest import MEDLEY, ROOT, Mosquitto, Received, VirtualMicrophone, Watcher
from tests.v0_1_0.tiny import make_tiny_network, write_sound

FIXTURE = Path(__file__).parent
COMMANDS = {
    "default": {
        "timbrel": [
            ("mute", "ON"),
            ("mute", "OFF"),
            ("sensitivity", "60"),
            ("quiet_gate", "-70"),
            ("stop_after", "4"),
        ],
    },
    "own": {
        "piano_room": [
            ("sensitivity", "55"),
            ("sensitivity_guitar", "70"),
            ("sensitivity_vocal", "20"),
            ("quiet_gate", "-80"),
            ("stop_after", "5"),
        ],
        "studio": [("mute", "ON"), ("sensitivity_keyboard", "0")],
    },
}
# Number of events that wait besides the one that is still open, kept small to save space.
WAITING = {"default": 4, "own": 2}
WITHOUT_WAL = {"default"}
SESSION_SECONDS = 14.0
LATE_SECONDS = 65.0

# Programs for 0.1.0, which print how it interprets a configuration and a state directory.
READ_SETTINGS = """
import json, sys, msgspec
from pathlib import Path
from daemon.configuration.settings_file import load
print(json.dumps(msgspec.to_builtins(load(Path(sys.argv[1])))))
"""
READ_RULES = """
import json, sys
from pathlib import Path
from daemon.runtime.wiring import Recognizer, configured_of, node_of, notes_of
from daemon.hub.controls import Controls
from daemon.configuration.settings_file import load
settings = load(Path(sys.argv[1]))
recognizer = Recognizer(settings)
in_force = {}
for source in settings.places:
    node = node_of(settings, recognizer, source.name, settings.name)
    chosen = notes_of(settings, node)[1].read()
    remote = Controls(node, configured_of(settings, source), chosen)
    rules = remote.tuned(recognizer.families, recognizer.rules)
    in_force[source.name] = {
        "muted": chosen.muted,
        "gate_dbfs": remote.gate_dbfs,
        "rules": {f: r._asdict() for f, r in zip(recognizer.families, rules)},
    }
print(json.dumps(in_force))
"""
READ_CONTRACT = """
import hashlib, json, sys, msgspec
from pathlib import Path
from daemon.hearing.classifier import BUILT_IN_MODEL
from daemon.hearing.model_file import read_contract
path = Path(sys.argv[1]) if len(sys.argv) > 1 else BUILT_IN_MODEL
print(json.dumps({
    "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    "contract": msgspec.to_builtins(read_contract(path)),
}))
"""
WRITE_CONTRACT = """
import json, sys, msgspec
from pathlib import Path
from daemon.hearing.model_file import Contract, write_contract
write_contract(Path(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=Contract))
"""


class Old(NamedTuple):
    """The checkout of 0.1.0."""

    root: Path
    """Its root folder."""

    def start(self, *arguments: str | Path, **environment: str) -> "subprocess.Popen[str]":
        """Start Python in the checkout."""
        return subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(self.root), "TZ": "UTC", **environment},
            stdout=subprocess.PIPE,
            text=True,
        )

    def output(self, *arguments: str | Path) -> str:
        """Run Python in the checkout; return its output."""
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0, arguments
        return output


class Box:
    """One box of 0.1.0 with its microphone, broker and working folder."""

    def __init__(self, name: str, old: Old, folder: Path, microphone: VirtualMicrophone) -> None:
        self.name = name
        self.kept = FIXTURE / name
        self.state = folder / "state"
        self._old = old
        self._folder = folder
        self._microphone = microphone
        self.broker = Mosquitto(folder, "allow_anonymous true\n")
        self.settings = yaml.safe_load((self.kept / "timbrel.yaml").read_text())
        prefix = self.settings["mqtt"]["topic_prefix"]
        names = [source["name"] for source in self.settings["sources"]] or [self.settings["name"]]
        self.places = {name: f"{prefix}/{name}" for name in names}

    def config(self, state: Path) -> Path:
        """Write the box's configuration for this machine; return its path."""
        document = runnable_config(self.settings, self.broker.port, state)
        config = self._folder / "running.yaml"
        config.write_text(yaml.safe_dump(document))
        return config

    @contextmanager
    def running(self, state: Path) -> Iterator["subprocess.Popen[str]"]:
        """Run the daemon; kill it at the end of the block if it still runs."""
        config = self.config(state)
        daemon = self._old.start(
            *("-m", "daemon", "run", "--config", config),
            **{**self._microphone.environment, "PYTHONPATH": str(self._old.root), "TZ": "UTC"},
        )
        try:
            yield daemon
        finally:
            daemon.kill()
            daemon.wait()

    def make(self) -> None:
        """Run the box through its scenario, and store the files that it leaves behind."""
        place, topic = next(iter(self.places.items()))
        self.broker.start()
        with self.running(self.state) as daemon, Watcher(self.broker.port) as watcher:
            watcher.wait_for(f"{topic}/hearing", lambda m: bool(m.json["hearing"] == "hearing"))
            self._command(watcher)
            self._microphone.play(write_excerpt(self._folder, 0.0, SESSION_SECONDS)).wait()
            watcher.wait_for(f"{topic}/last_session", seconds=60)
            watcher.wait_for(f"{topic}/practice", lambda m: m.json["session"] is None)
            time.sleep(20.0)  # Wait for scores and level.
            events = [m for m in watcher.received if m.topic == f"{topic}/event"]
            retained = retained_messages(self.broker.port)
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(20)
        self.broker.kill()
        with self.running(self.state):
            time.sleep(5.0)
            player = self._microphone.play(MEDLEY)
            wait_until(lambda: waiting(self.state) >= (WAITING[self.name], 1), 90)
        player.kill()
        player.wait()
        died_at = time.monotonic()
        self._keep_state()
        write_json(self.kept / "retained.json", list(map(as_json, retained)))
        write_json(self.kept / "events.json", list(map(as_json, events)))
        write_json(
            self.kept / "settings.json",
            json.loads(self._old.output("-c", READ_SETTINGS, self.kept / "timbrel.yaml")),
        )
        rules = self._old.output("-c", READ_RULES, self.config(self.state))
        write_json(self.kept / "in_force.json", json.loads(rules))
        time.sleep(max(0.0, LATE_SECONDS - (time.monotonic() - died_at)))
        write_json(self.kept / "late_events.json", self._late_events(f"{topic}/event/late"))
        print(f"{self.name}: {place} published {len(events)} events", flush=True)

    def _command(self, watcher: Watcher) -> None:
        for place, commands in COMMANDS[self.name].items():
            for leaf, value in commands:
                topic = f"{self.places[place]}/{leaf}"
                before = len(watcher.received)
                publish(self.broker.port, f"{topic}/set", value)

                def echoed(topic: str = topic, before: int = before, value: str = value) -> bool:
                    new = [m for m in watcher.received[before:] if m.topic == topic]
                    return bool(new) and new[-1].payload.decode() == value

                wait_until(echoed, 20)

    def _keep_state(self) -> None:
        """Copy the state that the killed daemon left; for one box also the outbox without WAL."""
        shutil.rmtree(self.kept / "state", ignore_errors=True)
        (self.kept / "state").mkdir()
        for file in self.state.iterdir():
            # Shared memory, which SQLite recreates.
            if not file.name.endswith("-shm"):
                shutil.copy(file, self.kept / "state")
        if self.name not in WITHOUT_WAL:
            return
        (self.kept / "closed").mkdir(exist_ok=True)
        copy = self._folder / "closed"
        shutil.copytree(self.state, copy)
        database = sqlite3.connect(copy / "outbox.sqlite")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        shutil.copy(copy / "outbox.sqlite", self.kept / "closed")

    def _late_events(self, topic: str) -> list[Any]:
        """Return the events that 0.1.0 sends at the next start, more than a minute later."""
        copy = self._folder / "copy"
        shutil.copytree(self.state, copy)
        count = sum(waiting(copy))
        self.broker.start()
        with Watcher(self.broker.port) as watcher, self.running(copy):
            wait_until(lambda: len(watcher.of(topic)) >= count, 60)
            events = watcher.of(topic)
        assert len(events) == count
        return list(map(as_json, events))


def runnable_config(settings: Mapping[str, Any], port: int, state: Path) -> dict[str, Any]:
    """Return a box's configuration with this machine's broker, state directory and model."""
    mqtt = {**settings["mqtt"], "host": "127.0.0.1", "port": port, "password_file": None}
    return {
        **settings,
        "mqtt": {**mqtt, "tls": None},
        "model": {"file": None},
        "state": {"directory": str(state)},
        "health": {"port": None},
    }


def write_excerpt(folder: Path, begin_seconds: float, end_seconds: float) -> Path:
    """Write a part of the medley as a WAV file."""
    sound, rate_hz = soundfile.read(MEDLEY)
    file = folder / "excerpt.wav"
    soundfile.write(file, sound[int(begin_seconds * rate_hz) : int(end_seconds * rate_hz)], rate_hz)
    return file


def publish(port: int, topic: str, payload: str) -> None:
    """Publish one message."""
    command = ["mosquitto_pub", "-p", str(port), "-q", "1", "-t", topic, "-m", payload]
    if shutil.which(command[0]):
        subprocess.run(command, check=True)
        return
    from paho.mqtt.publish import single

    single(topic, payload, qos=1, hostname="127.0.0.1", port=port)


def retained_messages(port: int) -> list[Received]:
    """Return all retained messages of a broker, sorted by topic."""
    with Watcher(port) as watcher:
        before = -1
        while before != len(watcher.received):
            before = len(watcher.received)
            time.sleep(1.0)
        return sorted(message for message in watcher.received if message.retained)


def waiting(state: Path) -> tuple[int, int]:
    """Return the numbers of events and wills in an outbox."""
    database = sqlite3.connect(f"file:{state / 'outbox.sqlite'}?mode=ro", uri=True)
    try:
        events, wills = (
            database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
            for table in ("events", "wills")
        )
    except sqlite3.Error:
        return 0, 0
    finally:
        database.close()
    return events, wills


def wait_until(condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def as_json(message: Received) -> dict[str, Any]:
    text = message.payload.decode()
    try:
        payload = json.loads(text)
    except ValueError:
        payload = text
    return {
        "topic": message.topic,
        "payload": payload if isinstance(payload, dict) else text,
        "qos": message.qos,
        "retain": message.retained,
    }


def write_json(file: Path, document: Any) -> None:
    """Write a list or an object with one line for each item or key."""
    compact = (",", ":")
    if isinstance(document, list):
        lines = [json.dumps(item, separators=compact) for item in document]
        file.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    else:
        pairs = [
            f"{json.dumps(k)}:{json.dumps(v, separators=compact)}" for k, v in document.items()
        ]
        file.write_text("{\n" + ",\n".join(pairs) + "\n}\n")


def make_models(old: Old) -> None:
    """Store the contract of 0.1.0's model, and a tiny model with its scores and events in 0.1.0."""
    folder = FIXTURE / "model"
    folder.mkdir(exist_ok=True)
    built_in = json.loads(old.output("-c", READ_CONTRACT))
    write_json(folder / "built_in.json", built_in)
    tiny = folder / "tiny.tflite"
    with tempfile.TemporaryDirectory() as place:
        sound = Path(place, "sound.wav")
        write_sound(sound)
        config = Path(place, "timbrel.yaml")
        config.write_text(yaml.safe_dump({"model": {"file": str(tiny)}}))
        replay = ("-m", "daemon", "replay", "--json", "--config", config)

        def replayed(*more: str) -> list[Any]:
            lines = old.output(*replay, *more, sound).splitlines()
            return [{**json.loads(line), "file": sound.name} for line in lines]

        contract = tiny_contract(built_in["contract"])
        make_tiny_network(tiny)
        old.output("-c", WRITE_CONTRACT, tiny, json.dumps(contract))
        # Spread the scores of this sound over 0 to 1, so that it has events.
        scores = np.array([list(line["scores"].values()) for line in replayed("--scores")])
        logits = np.log(scores / (1.0 - scores))
        for family, (low, high) in enumerate(zip(logits.min(0), logits.max(0), strict=True)):
            temperature = round(max(0.01, float(high - low) / 8), 4)
            offset = round(-float(high + low) / 2 / temperature, 4)
            contract["calibration"][family] = {"temperature": temperature, "offset": offset}
        make_tiny_network(tiny)
        old.output("-c", WRITE_CONTRACT, tiny, json.dumps(contract))
        write_json(folder / "tiny.json", json.loads(old.output("-c", READ_CONTRACT, tiny)))
        write_json(folder / "tiny_scores.json", replayed("--scores"))
        write_json(folder / "tiny_events.json", replayed())


def tiny_contract(built_in: Mapping[str, Any]) -> dict[str, Any]:
    """Return a contract of version 1 for the tiny network."""
    families = ["flute", "guitar", "organ"]
    return {
        **built_in,
        "name": "tiny",
        "version": "1",
        "patch_frames": 96,
        "patch_starts": [2, 102, 202, 302],
        "families": families,
        "calibration": [{"temperature": 1.0, "offset": 0.0} for _ in families],
        "thresholds": [0.5, 0.6, 0.7],
        "provenance": {
            "recipe_sha256": "r",
            "corpus_sha256": "c",
            "seed": 1,
            "metrics": {"f1": 0.5},
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path, help="a worktree of v0.1.0")
    parser.add_argument("--only", choices=[*COMMANDS, "model"], help="make one part")
    options = parser.parse_args()
    old = Old(options.checkout.resolve())
    if options.only in {None, "model"}:
        make_models(old)
    for name in COMMANDS:
        if options.only not in {None, name}:
            continue
        with tempfile.TemporaryDirectory(prefix="tmb", dir="/tmp") as folder:
            microphone = VirtualMicrophone(Path(folder))
            microphone.start()
            try:
                microphone.plug("vmic2")
                work = Path(folder, "box")
                work.mkdir()
                box = Box(name, old, work, microphone)
                try:
                    box.make()
                finally:
                    box.broker.kill()
            finally:
                microphone.kill()
    check_for_names_of_this_machine()


def check_for_names_of_this_machine() -> None:
    """Check that the fixture contains no path or name of this machine."""
    names = {str(ROOT).encode(), str(Path.home()).encode(), socket.gethostname().encode(), b"/tmp/"}
    for file in FIXTURE.rglob("*"):
        if file.is_file() and file.suffix != ".py":
            found = [name for name in names if len(name) > 5 and name in file.read_bytes()]
            assert not found, f"{file}: {found}"


if __name__ == "__main__":
    main()
