"""An exported model in the real program: the same classes in the same order as in the lab."""

import csv
import io
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import soundfile
from paho.mqtt.publish import single

from daemon.hearing.model_file import read_contract
from model_build.__main__ import main
from model_build.lab.export.agreement import Agreement
from model_build.lab.export.export import Exported as Written
from model_build.lab.export.summary import export_lines
from tests.conftest import ROOT, Mosquitto, Timbrel, VirtualMicrophone, Watcher, killed_at_last
from tests.model_build.lab.export.conftest import Exported
from tests.model_build.lab.export.tones import CLASSES, RATE_HZ, tone


def written(path: Path, label: str, seconds: float) -> Path:
    soundfile.write(path, tone(label, seconds, np.random.default_rng(7)), RATE_HZ)
    return path


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A recording of 1 second of each class."""
    folder = tmp_path_factory.mktemp("recordings")
    return {label: written(folder / f"{n}.wav", label, 1.0) for n, label in enumerate(CLASSES)}


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_classes_and_their_order_equal_those_of_predict(
    exported: Exported,
    recordings: dict[str, Path],
    timbrel: Timbrel,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = [str(path) for path in recordings.values()]
    assert main(["lab", "predict", str(exported.run), *files]) == 0
    head, *rows = csv.reader(io.StringIO(capsys.readouterr().out))
    done = timbrel("replay", "--model", exported.model, "--scores", "--json", *files)
    assert done.returncode == 0, done.stderr
    windows = lines(done.stdout)
    assert head[2:] == CLASSES
    assert [list(window["scores"]) for window in windows] == [CLASSES] * 3
    for label, row, window in zip(recordings, rows, windows, strict=True):
        assert row[1] == label
        assert max(window["scores"], key=window["scores"].get) == label
        predicted = [float(score) for score in row[2:]]
        assert list(window["scores"].values()) == pytest.approx(predicted, abs=0.1)


def test_scores_of_a_one_shot_are_printed_for_people(
    exported: Exported, recordings: dict[str, Path], timbrel: Timbrel
) -> None:
    done = timbrel("replay", "--model", exported.model, "--scores", recordings["Äolsharfe"])
    window, *rest = done.stdout.splitlines()
    assert "dBFS" in window
    assert "Äolsharfe" in window
    assert not rest


def test_only_sound_of_two_seconds_starts_an_event(
    exported: Exported, recordings: dict[str, Path], tmp_path: Path, timbrel: Timbrel
) -> None:
    long = written(tmp_path / "long.wav", "Äolsharfe", 6.0)
    short = tmp_path / "short.wav"
    samples, _ = soundfile.read(recordings["2"])
    soundfile.write(short, np.concatenate([np.zeros(32_000), samples, np.zeros(64_000)]), RATE_HZ)
    done = timbrel("replay", "--model", exported.model, "--json", long, short)
    assert done.returncode == 0, done.stderr
    events = lines(done.stdout)
    assert {(event["file"], event["family"]) for event in events} == {(str(long), "Äolsharfe")}
    assert [event["event"] for event in events] == ["started", "ended"]


def test_publishes_labels_in_payloads_and_slugs_in_ids(
    exported: Exported, tmp_path: Path, timbrel: Timbrel, broker: Mosquitto, watcher: Watcher
) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text(
        f"mqtt: {{port: {broker.port}, families: [Äolsharfe]}}\nmodel: {{file: {exported.model}}}\n"
        "tracker: {families: {Äolsharfe: {threshold: 0.6}, '10': {threshold: 0.7}}}\n"
    )
    long = written(tmp_path / "long.wav", "Äolsharfe", 6.0)
    done = timbrel("replay", "--publish", "--config", config, long)
    assert done.returncode == 0, done.stderr
    watcher.wait_for("timbrel/replay/event", lambda m: m.json["event_type"] == "ended")
    events = [message.json for message in watcher.of("timbrel/replay/event")]
    assert {event["family"] for event in events} == {"Äolsharfe"}
    discovery = watcher.of("homeassistant/device/timbrel_replay/config")[0].json
    components = discovery["components"]
    assert components["aolsharfe_playing"]["name"] == "Äolsharfe"
    assert components["aolsharfe_playing"]["default_entity_id"] == "binary_sensor.replay_aolsharfe"
    assert components["10_playing"]["name"] == "10"
    assert components["instrument"]["options"] == ["none", *CLASSES]
    assert list(watcher.of("timbrel/replay/scores")[0].json) == CLASSES


def test_settings_of_other_families_name_the_classes(
    exported: Exported, tmp_path: Path, timbrel: Timbrel
) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text(
        f"mqtt: {{families: [guitar]}}\nmodel: {{file: {exported.model}}}\n"
        "tracker: {families: {flute: {threshold: 0.6}}}\n"
    )
    done = timbrel("check", config)
    assert done.returncode == 2
    known = "it has 10, 2, Äolsharfe"
    assert f"tracker.families.flute: the model has no such class; {known}" in done.stderr
    assert f"mqtt.families: the model has no class guitar; {known}" in done.stderr


def test_damaged_model_is_refused_in_one_line(
    exported: Exported, recordings: dict[str, Path], tmp_path: Path, timbrel: Timbrel
) -> None:
    network = exported.model.read_bytes()
    damaged = tmp_path / "damaged.tflite"
    for content, fault in (
        (network[:-40], "has no contract, or was cut short"),
        (network[:5_000] + bytes(100) + network[5_100:], "damaged, its checksum does not match"),
        (b"RIFF" * 100, "not a TFLite model"),
    ):
        damaged.write_bytes(content)
        done = timbrel("replay", "--model", damaged, recordings["2"])
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"timbrel: model file {damaged}: {fault}; ")
        assert not done.stdout


def test_contract_states_the_front_end_and_the_figures(exported: Exported) -> None:
    contract = read_contract(exported.model)
    assert contract.task == "classes"
    assert contract.families == tuple(CLASSES)
    assert (contract.activation, contract.pooling) == ("softmax", "mean")
    assert contract.front_end.bands == 32
    assert (contract.patch_frames, contract.patch_starts) == (98, (0, 50, 100, 150, 200, 250, 300))
    assert contract.thresholds == (0.5,) * 3
    assert contract.provenance.metrics["validation_accuracy"] > 0.8


def test_agreement_is_measured_and_printed(
    exported: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy.tflite"
    assert main(["lab", "export", str(exported.run), "--output", str(copy)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"{copy}: ")
    assert "classes: 10, 2, Äolsharfe\n" in printed
    assert "int8 as in lab predict: 30 of 30 training recordings get the same class" in printed
    assert "on the box: 30 of 30 training recordings get the same class" in printed
    before, after = read_contract(exported.model), read_contract(copy)
    assert msgspec.structs.replace(after, tflite_sha256=before.tflite_sha256) == before


@pytest.mark.parametrize(("same", "warnings"), [(58, 0), (57, 1)])
def test_export_warns_if_int8_predicts_other_classes(
    exported: Exported, same: int, warnings: int
) -> None:
    network = Agreement(recordings=64, same=same, mean=0.1, largest=0.6)
    box = Agreement(recordings=64, same=64, mean=0.0, largest=0.0)
    contract = read_contract(exported.model)
    printed = export_lines(Written(exported.model, contract, 10_000, "test", network, box))
    assert f"int8 as in lab predict: {same} of 64 test recordings" in printed
    assert printed.count("warning: the int8 model often predicts other classes") == warnings


def test_daemon_hears_a_class_at_its_microphone(
    exported: Exported,
    tmp_path: Path,
    broker: Mosquitto,
    watcher: Watcher,
    microphone: VirtualMicrophone,
) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text(
        f"name: hall\naudio: {{device: pulse}}\nmodel: {{file: {exported.model}}}\n"
        f"mqtt: {{host: 127.0.0.1, port: {broker.port}, families: [Äolsharfe]}}\n"
    )
    command = [sys.executable, "-m", "daemon", "run", "--config", str(config)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=microphone.environment, stderr=subprocess.PIPE, text=True
    )
    with killed_at_last(process) as daemon:
        watcher.wait_for("timbrel/hall/hearing", lambda m: m.json["hearing"] == "hearing", 60)
        assert watcher.wait_for("timbrel/hall/sensitivity_aolsharfe").payload == b"50"
        single("timbrel/hall/sensitivity_aolsharfe/set", "60", 1, port=broker.port)
        watcher.wait_for("timbrel/hall/sensitivity_aolsharfe", lambda m: m.payload == b"60")
        microphone.play(written(tmp_path / "long.wav", "Äolsharfe", 8.0)).wait(30)
        # On a busy machine the sound has gaps, in which another class may be heard, too.
        started = watcher.wait_for(
            "timbrel/hall/event", lambda m: m.json["family"] == "Äolsharfe", seconds=60
        )
        assert started.json["event_type"] == "started"
        watcher.wait_for("timbrel/hall/state", lambda m: "Äolsharfe" in m.json["families"])
        daemon.send_signal(signal.SIGTERM)
        _, log = daemon.communicate(timeout=10)
    assert daemon.returncode == 0, log
    assert "Traceback" not in log
