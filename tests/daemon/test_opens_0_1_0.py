"""Open the files of version 0.1.0 with the current code; nothing may be lost or changed.

The files are in tests/v0_1_0 and were made by 0.1.0 itself. Additions are allowed; removals and
changes fail unless they are in ANNOUNCED.
"""

import fnmatch
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import paho.mqtt.client as paho
import pytest
import yaml
from paho.mqtt.enums import CallbackAPIVersion

from daemon.configuration.settings_file import load
from daemon.hearing.classifier import BUILT_IN_MODEL, load_classifier
from daemon.hearing.contract.reading import sha256_of
from daemon.hearing.model_file import read_contract
from daemon.hearing.patience import patience_of_votes
from daemon.hub.controls import Controls
from daemon.runtime.wiring import Recognizer, configured_of, node_of, stores_of
from tests.conftest import ROOT, Mosquitto, Received, Timbrel, VirtualMicrophone, Watcher
from tests.v0_1_0.make_fixture import FIXTURE, retained_messages, runnable_config
from tests.v0_1_0.tiny import write_sound

PROGRAM = Path(__file__).with_name("shifted_clock_daemon.py")
BUILT_IN_0_1_0 = ROOT / "model_build" / "models" / "timbrel-0.1.tflite"
AWAY_SECONDS = 300.0


class Announced(NamedTuple):
    """A change that is announced in the changelog."""

    where: str
    """A pattern of `topic: path.of.the.key`."""
    why: str
    """The reason for the change."""


# A new line here needs a line in the changelog under Changed or Removed.
ANNOUNCED = (
    Announced("*/config: origin.sw_version", "differs in every release"),
    Announced("*/config: device.sw_version", "differs in every release"),
    Announced("*/config: device.model", "a newer built-in model"),
    Announced("*/config: components.*.icon", "changes only the look; nothing refers to it"),
    Announced("*/config: components.*.suggested_display_precision", "changes only the look"),
    Announced(
        "*/config: components.hearing.device_class", "showed an amber ? as for a lost connection"
    ),
    Announced("*/config: components.heard.enabled_by_default", "replaced by `played` on new boxes"),
    Announced("*/config: components.playing.device_class", "On/Off instead of Detected/Clear"),
    Announced("*/config: components.*_playing.device_class", "On/Off instead of Detected/Clear"),
    Announced("*/hearing: qos", "QoS 1, to notice a broker that refuses states"),
    Announced("*/practice: qos", "QoS 1, to notice a broker that refuses states"),
)


class Box(NamedTuple):
    """The files that one box left behind."""

    name: str
    """Its folder in tests/v0_1_0."""

    @property
    def folder(self) -> Path:
        return FIXTURE / self.name

    def json(self, file: str) -> Any:
        return json.loads((self.folder / f"{file}.json").read_text())

    @property
    def retained(self) -> dict[str, Any]:
        return {message["topic"]: message for message in self.json("retained")}

    @property
    def died_at(self) -> float:
        """The wall time at which its daemon was killed."""
        moments = [event["payload"]["at"] for event in self.json("late_events")]
        return max(datetime.fromisoformat(moment).timestamp() for moment in moments)

    def copy_state(self, folder: Path, outbox: str = "state") -> Path:
        """Return a copy of its state directory, with the outbox from the folder `outbox`."""
        state = folder / "state"
        shutil.copytree(self.folder / "state", state)
        if outbox != "state":
            (state / "outbox.sqlite-wal").unlink()
            shutil.copy(self.folder / outbox / "outbox.sqlite", state)
        return state

    def config(self, folder: Path, port: int, state: Path) -> Path:
        document = yaml.safe_load((self.folder / "timbrel.yaml").read_text())
        config = folder / "timbrel.yaml"
        config.write_text(yaml.safe_dump(runnable_config(document, port, state)))
        return config


BOXES = [Box("default"), Box("own")]


def start(box: Box, config: Path, environment: dict[str, str]) -> "subprocess.Popen[str]":
    """Start the current daemon with its clock `AWAY_SECONDS` after the death of the old one."""
    ahead = box.died_at + AWAY_SECONDS - time.time()
    return subprocess.Popen(
        [sys.executable, PROGRAM, str(ahead), "run", "--config", config],
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT), "TZ": "UTC"},
        stderr=subprocess.PIPE,
        text=True,
    )


class Updated(NamedTuple):
    """A box after its update."""

    box: Box
    """The box before the update."""
    first: list[Received]
    """The first messages that the daemon published."""
    retained: dict[str, Received]
    """The messages that the broker retains, by topic."""
    answers: dict[str, str]
    """The new values of the settings, by state topic."""
    log: str
    """The log of the daemon."""


@pytest.fixture(scope="module", params=BOXES, ids=lambda box: box.name)
def updated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Updated:
    """A box whose files and retained messages the current daemon has taken over."""
    if shutil.which("pulseaudio") is None or shutil.which("paplay") is None:
        pytest.skip("pulseaudio and pulseaudio-utils are not installed")
    box: Box = request.param
    folder = tmp_path_factory.mktemp(box.name)
    broker = Mosquitto(folder, "allow_anonymous true\n")
    with tempfile.TemporaryDirectory(prefix="tmb", dir="/tmp") as place:
        microphone = VirtualMicrophone(Path(place))
        try:
            broker.start()
            microphone.start()
            microphone.plug("vmic2")
            return update(box, folder, broker, microphone)
        finally:
            microphone.kill()
            broker.kill()


def update(box: Box, folder: Path, broker: Mosquitto, microphone: VirtualMicrophone) -> Updated:
    publish_retained(broker.port, box.json("retained"))
    config = box.config(folder, broker.port, box.copy_state(folder))
    late = len(box.json("late_events"))
    with Watcher(broker.port) as watcher:
        daemon = start(box, config, microphone.environment)
        try:

            def new() -> set[str]:
                return {message.topic for message in watcher.received if not message.retained}

            wait_until(lambda: box.retained.keys() <= new(), "not all topics are published again")
            wait_until(
                lambda: sum("/event" in m.topic for m in watcher.received) >= late,
                "not all events are sent",
            )
            first = [message for message in watcher.received if not message.retained]
            answers = command_everything(broker.port, watcher, box)
            retained = {message.topic: message for message in retained_messages(broker.port)}
        finally:
            daemon.send_signal(signal.SIGTERM)
            _, log = daemon.communicate(timeout=20)
    assert daemon.returncode == 0, log
    return Updated(box, first, retained, answers, log)


def publish_retained(port: int, retained: list[Any]) -> None:
    """Publish the messages that the old broker retained."""
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    for topic, payload, qos, retain in (message.values() for message in retained):
        text = payload if isinstance(payload, str) else json.dumps(payload)
        client.publish(topic, text, max(1, qos), retain).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def command_everything(port: int, watcher: Watcher, box: Box) -> dict[str, str]:
    """Send a value to every command topic of the old discovery; return the answers by topic."""
    answers: dict[str, str] = {}
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    for entity in entities(box):
        if "command_topic" not in entity:
            continue
        if entity["platform"] == "button":
            client.publish(entity["command_topic"], entity["payload_press"], 1)
            continue
        answer = entity["state_topic"]
        before = len(watcher.of(answer))
        value = "ON" if entity["platform"] == "switch" else f"{entity['max'] - 1:g}"
        client.publish(entity["command_topic"], value, 1).wait_for_publish(10)
        wait_until(lambda: len(watcher.of(answer)) > before, f"{answer}: no answer")  # noqa: B023
        answers[answer] = watcher.of(answer)[-1].payload.decode()
        assert answers[answer] == value
    client.disconnect()
    client.loop_stop()
    return answers


def entities(box: Box) -> Iterator[dict[str, Any]]:
    """Yield the entities that 0.1.0 announced."""
    for topic, message in box.retained.items():
        if topic.endswith("/config"):
            for entity in message["payload"]["components"].values():
                if "unique_id" in entity:
                    yield entity


def wait_until(condition: Callable[[], object], error: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, error
        time.sleep(0.05)


def missing(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of values in `old` that are missing in `new` or differ there."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key, value in old.items():
            inner = f"{path}.{key}" if path else str(key)
            if key in new:
                yield from missing(value, new[key], inner)
            else:
                yield inner
    elif isinstance(old, list) and isinstance(new, list):
        for number, item in enumerate(old):
            if not any(not list(missing(item, other)) for other in new):
                yield f"{path}[{number}]"
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield path


def shape(value: Any) -> Any:
    """Return the keys of a payload with the types of their values, leaving out null values."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items() if inner is not None}
    return "number" if isinstance(value, int | float) else type(value).__name__


def unannounced(differences: Iterator[str], topic: str) -> list[str]:
    """Return the differences that are not in ANNOUNCED."""
    found = (f"{topic}: {path}" for path in differences)
    return [f for f in found if not any(fnmatch.fnmatchcase(f, a.where) for a in ANNOUNCED)]


def with_defaults(device: dict[str, Any]) -> dict[str, Any]:
    """Return a device whose entities contain Home Assistant's defaults."""
    defaults = {"enabled_by_default": True, "entity_category": None}
    entities = device["components"].items()
    return {**device, "components": {key: defaults | entity for key, entity in entities}}


def payload_of(message: Received) -> Any:
    try:
        return message.json
    except ValueError:
        return message.payload.decode()


def test_retained_topics_are_still_published_unchanged(updated: Updated) -> None:
    for topic, old in updated.box.retained.items():
        if topic.endswith("/config"):
            continue
        new = updated.retained[topic]
        assert not unannounced(missing({"qos": old["qos"]}, {"qos": new.qos}), topic)
        assert new.retained
        payload = old["payload"]
        if isinstance(payload, dict):
            known = {k: v for k, v in payload_of(new).items() if v is not None}
            absent = {key for key in payload if key not in new.json}
            assert not unannounced(iter(sorted(absent)), topic)
            assert not unannounced(
                missing({k: v for k, v in shape(payload).items() if k in known}, shape(known)),
                topic,
            )


def test_entities_are_still_announced_unchanged(updated: Updated) -> None:
    announced = [topic for topic in updated.box.retained if topic.endswith("/config")]
    assert announced
    for topic in announced:
        old, new = updated.box.retained[topic], updated.retained[topic]
        before, after = with_defaults(old["payload"]), with_defaults(new.json)
        assert not unannounced(missing(before, after), topic)
        assert (new.qos, new.retained) == (old["qos"], True)


def test_topics_contain_every_key_that_entities_read(updated: Updated) -> None:
    read = 0
    for entity in entities(updated.box):
        for name, topic_key in (
            ("value_template", "state_topic"),
            ("json_attributes_template", "json_attributes_topic"),
        ):
            topic = entity.get(topic_key)
            if topic not in updated.retained:
                continue
            for keys in re.findall(r"value_json((?:\.\w+|\['\w+'\])+)", entity.get(name, "")):
                value = updated.retained[topic].json
                for key in re.findall(r"\w+", keys):
                    assert key in value, f"{topic} has no {keys}"
                    value = value[key]
                read += 1
    assert read > 40


def test_waiting_events_are_sent_as_by_0_1_0(updated: Updated) -> None:
    check_events(updated.box, updated.first)


def check_events(box: Box, published: list[Received]) -> None:
    old = box.json("late_events")
    new = [message for message in published if "/event" in message.topic]
    assert [message.topic for message in new] == [message["topic"] for message in old]
    for before, after in zip(old, new, strict=True):
        assert after.qos == before["qos"]
        assert not list(missing(before["payload"], after.json)), after.json
    types = [message["payload"]["event_type"] for message in old]
    assert {"started", "ended"} == set(types)
    assert new[-1].json["reason"] == "interrupted"
    assert all(message.json["late"] for message in new)


def test_outbox_without_wal_is_sent_too(tmp_path: Path, broker: Mosquitto) -> None:
    box = Box("default")
    config = box.config(tmp_path, broker.port, box.copy_state(tmp_path, "closed"))
    with Watcher(broker.port) as watcher:
        daemon = start(box, config, {"PULSE_SERVER": "unix:/nonexistent"})
        try:
            watcher.wait_for("timbrel/timbrel/event/late", lambda m: "reason" in m.json)
        finally:
            daemon.kill()
            daemon.communicate()
        check_events(box, list(watcher.received))


def test_practice_continues_from_the_saved_state(updated: Updated) -> None:
    for note in (updated.box.folder / "state").glob("practice-*.json"):
        diary = json.loads(note.read_text())
        prefix = next(t for t in updated.box.retained if t.endswith("/availability")).split("/")
        topic = "/".join([*prefix[:-2], note.stem.removeprefix("practice-")])
        published = next(m.json for m in updated.first if m.topic == f"{topic}/practice")
        assert published["day"] == diary["day"]
        assert published["minutes"] == round(diary["seconds"] / 60, 1)
        for family, seconds in diary["families"].items():
            assert published["families"][family] == round(seconds / 60, 1)
        if diary["last"] is not None:
            old = updated.box.retained[f"{topic}/last_session"]["payload"]
            new = updated.retained[f"{topic}/last_session"].json
            last = diary["last"]
            assert new["instruments"] == last["families"]
            assert new["minutes"] == round(last["seconds"] / 60, 1)
            assert datetime.fromisoformat(new["started"]).timestamp() == pytest.approx(
                last["started"], abs=0.001
            )
            assert not list(missing(shape(old), shape(new)))


def test_settings_from_the_hub_are_published_again(updated: Updated) -> None:
    echoes = {t for t, m in updated.box.retained.items() if isinstance(m["payload"], str)}
    echoes = {t for t in echoes if not t.endswith(("/availability", "/level"))}
    assert len(echoes) >= 4
    for topic in echoes:
        published = next(m for m in updated.first if m.topic == topic)
        assert published.payload.decode() == updated.box.retained[topic]["payload"], topic


def test_every_command_topic_still_works(updated: Updated) -> None:
    commanded = [entity for entity in entities(updated.box) if "command_topic" in entity]
    buttons = [entity for entity in commanded if entity["platform"] == "button"]
    assert len(commanded) == len(buttons) + len(updated.answers) > len(buttons) > 0
    assert not re.search("refused: .*/set", updated.log)


def test_update_logs_no_warning(updated: Updated) -> None:
    trouble = re.compile("damaged|Traceback|starting with defaults|lost")
    assert not trouble.search(updated.log), updated.log


@pytest.mark.parametrize("box", BOXES, ids=lambda box: box.name)
def test_settings_from_the_hub_are_applied(box: Box, tmp_path: Path) -> None:
    settings = load(box.config(tmp_path, 1883, box.copy_state(tmp_path)))
    if settings.model.file is None:  # the thresholds are those of the built-in model of 0.1.0
        model = msgspec.structs.replace(settings.model, file=str(BUILT_IN_0_1_0))
        settings = msgspec.structs.replace(settings, model=model)
    recognizer = Recognizer(settings)
    for source in settings.places:
        node = node_of(settings, recognizer, source.name, settings.name)
        chosen = stores_of(settings, node)[1].read()
        remote = Controls(node, configured_of(settings, source), chosen)
        rules = remote.tuned_rules(recognizer.families, recognizer.rules)
        in_force = {
            "muted": chosen.muted,
            "gate_dbfs": remote.gate_dbfs,
            "rules": {f: r._asdict() for f, r in zip(recognizer.families, rules, strict=True)},
        }
        recorded = box.json("in_force")[source.name]
        for family, old in recorded["rules"].items():
            votes, vote_seconds = old.pop("votes"), old.pop("vote_seconds")
            old["patience"] = patience_of_votes(votes, vote_seconds, recognizer.hop_seconds)
            assert vote_seconds > 0.0, family
        assert not list(missing(recorded, in_force))


def keys_of(value: Any, path: str = "") -> set[str]:
    """Return the paths of all keys of a configuration; all places and families share theirs."""
    if isinstance(value, dict):
        one = path == "tracker.families"
        return {
            found
            for key, inner in value.items()
            for found in keys_of(inner, path if one else f"{path}.{key}".lstrip("."))
        } or {path}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {found for item in value for found in keys_of(item, path)}
    return {path}


def test_configurations_contain_every_key_of_0_1_0() -> None:
    given: set[str] = set()
    known: set[str] = set()
    for box in BOXES:
        given |= keys_of(yaml.safe_load((box.folder / "timbrel.yaml").read_text()))
        known |= keys_of(box.json("settings"))
    assert known <= given


@pytest.mark.parametrize("box", BOXES, ids=lambda box: box.name)
def test_every_key_of_the_configuration_has_the_same_meaning(box: Box) -> None:
    settings = msgspec.to_builtins(load(box.folder / "timbrel.yaml"))
    assert not list(missing(box.json("settings"), json.loads(json.dumps(settings))))


def test_live_events_keep_their_keys() -> None:
    """Use the message types, which test_mqtt_api compares with the messages really sent."""
    from daemon.hub.payloads import EventBody

    for box in BOXES:
        for event in box.json("events"):
            assert event["payload"].keys() <= set(EventBody.__struct_fields__)
            # Version 0.1 published the model's score.
            msgspec.convert({"model_score": 0.5} | event["payload"], EventBody)


def test_built_in_model_has_every_family_of_0_1_0() -> None:
    recorded = json.loads((FIXTURE / "model" / "built_in.json").read_text())
    assert set(recorded["contract"]["families"]) <= set(read_contract(BUILT_IN_MODEL).families)
    assert sha256_of(BUILT_IN_0_1_0) == recorded["sha256"]
    assert not list(missing(recorded["contract"], json_of(read_contract(BUILT_IN_0_1_0))))


def json_of(value: Any) -> Any:
    return json.loads(msgspec.json.encode(value))


def test_model_of_contract_version_1_is_read_unchanged() -> None:
    tiny = FIXTURE / "model" / "tiny.tflite"
    recorded = json.loads((FIXTURE / "model" / "tiny.json").read_text())
    assert sha256_of(tiny) == recorded["sha256"]
    assert recorded["contract"]["contract_version"] == 1
    assert not list(missing(recorded["contract"], json_of(load_classifier(tiny).contract)))


# Since 0.1.0, the DC offset of the sound is removed. Therefore, scores may differ by .03, and some
# times by one window. In a quiet window after loud sound, the filter's response to that sound
# changes the level.
TOLERANCES = {"level_dbfs": 1.5, "scores": 0.03}
ONE_WINDOW_SECONDS = 1.001


def replay_tiny_model(folder: Path, timbrel: Timbrel, *options: str) -> list[dict[str, Any]]:
    """Replay the recorded sound with the recorded model and the times of version 0.1."""
    sound, config = folder / "sound.wav", folder / "timbrel.yaml"
    write_sound(sound)
    model, tracker = {"file": str(FIXTURE / "model" / "tiny.tflite")}, {"stop_after_seconds": 6.0}
    config.write_text(yaml.safe_dump({"model": model, "tracker": tracker}))
    done = timbrel("replay", "--json", "--config", config, *options, sound)
    assert done.returncode == 0, done.stderr
    return list(map(json.loads, done.stdout.splitlines()))


def test_model_of_contract_version_1_gives_the_same_scores(
    tmp_path: Path, timbrel: Timbrel
) -> None:
    lines = replay_tiny_model(tmp_path, timbrel, "--scores")
    old = json.loads((FIXTURE / "model" / "tiny_scores.json").read_text())
    for before, after in zip(old, lines, strict=True):
        assert before.keys() <= after.keys()
        for key, value in before.items():
            if isinstance(value, str):
                assert key == "file" or after[key] == value, key
            else:
                tolerance = TOLERANCES.get(key, ONE_WINDOW_SECONDS)
                assert after[key] == pytest.approx(value, abs=tolerance), key


def test_model_of_contract_version_1_gives_the_same_events_sooner(
    tmp_path: Path, timbrel: Timbrel
) -> None:
    def ordered(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return sorted(lines, key=lambda line: (line["family"], line["at"]))

    lines = ordered(replay_tiny_model(tmp_path, timbrel))
    old = ordered(json.loads((FIXTURE / "model" / "tiny_events.json").read_text()))
    for before, after in zip(old, lines, strict=True):
        assert before.keys() <= after.keys()
        assert (after["family"], after["event"]) == (before["family"], before["event"])
        assert after["onset"] == pytest.approx(before["onset"], abs=ONE_WINDOW_SECONDS)
        if before["event"] == "started":
            assert before["at"] - 3.0 <= after["at"] < before["at"]
            continue
        for key in ("at", "ended_at", "duration_seconds"):
            assert after[key] == pytest.approx(before[key], abs=ONE_WINDOW_SECONDS), key
        # What was the score is the model's score now.
        assert after["model_score"] == pytest.approx(before["score"], abs=0.03)
