import csv
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from daemon.commands.demo.medley import read_medley
from daemon.hearing.classifier import BUILT_IN_MODEL
from daemon.hearing.model_file import read_contract
from tests.conftest import MEDLEY, ROOT, Mosquitto, Timbrel, Watcher
from tests.daemon.mqtt.test_link import eventually
from tests.daemon.scripted_broker import ScriptedBroker

FAMILIES = read_contract(BUILT_IN_MODEL).families


def parse_lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_json_events_have_documented_fields(timbrel: Timbrel) -> None:
    events = parse_lines(timbrel("replay", "--json", MEDLEY))
    started = {"file", "event", "family", "onset", "at", "score", "model_score"}
    ended = started | {"ended_at", "duration_seconds", "peak"}
    assert events
    playing: dict[str, float] = {}
    for event in events:
        assert event["file"] == str(MEDLEY)
        assert event["family"] in FAMILIES
        assert 0.0 <= event["onset"] <= event["at"] <= 86.64
        if event["event"] == "started":
            assert set(event) == started
            playing[event["family"]] = event["onset"]
        else:
            assert event["event"] == "ended"
            assert set(event) == ended
            assert event["onset"] == playing.pop(event["family"])
            assert event["duration_seconds"] == pytest.approx(event["ended_at"] - event["onset"])
            assert event["peak"] >= event["score"] - 1e-9
    assert playing == {}


@pytest.mark.parametrize(
    ("seconds", "ends"), [(0.3, [4.0]), (4.0, [4.0]), (4.9, [4.0]), (6.0, [4.0, 5.0, 6.0])]
)
@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100])
def test_json_scores_have_documented_fields(
    seconds: float, ends: list[float], rate_hz: int, tmp_path: Path, timbrel: Timbrel
) -> None:
    file = tmp_path / "noise.wav"
    noise = np.random.default_rng(1).normal(0, 0.05, (round(seconds * rate_hz), 2))
    soundfile.write(file, noise, rate_hz)
    windows = parse_lines(timbrel("replay", "--json", "--scores", file))
    assert [window["at"] for window in windows] == ends
    for window in windows:
        assert set(window) == {"file", "at", "level_dbfs", "scores"}
        assert tuple(window["scores"]) == FAMILIES
        assert all(0.0 <= score <= 1.0 for score in window["scores"].values())


def test_shown_scores_have_their_operating_point_at_one_half(timbrel: Timbrel) -> None:
    contract = read_contract(BUILT_IN_MODEL)
    of_model = parse_lines(timbrel("replay", "--json", "--scores", MEDLEY))
    shown = parse_lines(timbrel("replay", "--json", "--scores", "--shown", MEDLEY))
    thresholds = dict(zip(contract.families, contract.thresholds, strict=True))
    above = 0
    for before, after in zip(of_model, shown, strict=True):
        for family, threshold in thresholds.items():
            is_above = before["scores"][family] >= threshold
            assert (after["scores"][family] >= 0.5) == is_above
            above += is_above
    assert above > 20


def test_shown_without_scores_is_refused(timbrel: Timbrel) -> None:
    done = timbrel("replay", "--shown", MEDLEY)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "timbrel: --shown requires --scores; add --scores\n"


def test_scores_disable_level_gate(tmp_path: Path, timbrel: Timbrel) -> None:
    file = tmp_path / "silence.wav"
    soundfile.write(file, np.zeros(16_000 * 5), 16_000)
    windows = parse_lines(timbrel("replay", "--json", "--scores", file))
    assert [window["level_dbfs"] for window in windows] == [-120.0, -120.0]
    assert all(score > 0.0 for score in windows[0]["scores"].values())


def test_output_in_a_pipe_has_no_colours(timbrel: Timbrel) -> None:
    done = timbrel("replay", MEDLEY)
    assert done.returncode == 0
    assert "▶ drums" in done.stdout
    assert "\033" not in done.stdout


def test_missing_events_are_reported_as_text_but_not_as_json(
    tmp_path: Path, timbrel: Timbrel
) -> None:
    file = tmp_path / "silence.wav"
    soundfile.write(file, np.zeros(16_000 * 6), 16_000)
    assert "no event" in timbrel("replay", file).stdout
    assert parse_lines(timbrel("replay", "--json", file)) == []
    assert "no event" not in timbrel("replay", MEDLEY).stdout


@pytest.mark.parametrize(
    ("seconds", "settings", "shortest"),
    [
        (1.0, "", 2.02),
        (2.1, "", None),
        (4.5, "tracker: {patience: sure, start_after_seconds: 0}", 5),
        (0.5, "tracker: {patience: quick}", 1.02),
        (4.5, "tracker: {patience: quick, start_after_seconds: 6}", 7),
        (5.4, "audio: {hop_seconds: 0.5}\ntracker: {start_after_seconds: 5}", 5.5),
        (4.5, "tracker: {patience: sure, families: {vocal: {patience: normal}}}", None),
    ],
)
def test_recording_too_short_for_events_is_reported(
    seconds: float, settings: str, shortest: float | None, tmp_path: Path, timbrel: Timbrel
) -> None:
    file, config = tmp_path / "short tone.wav", tmp_path / "timbrel.yaml"
    soundfile.write(file, np.zeros(round(seconds * 16_000)), 16_000)
    config.write_text(settings)
    text = f"the recording lasts {seconds:g} s, and an event needs at least {shortest} s"
    shown = timbrel("replay", "--config", config, file)
    assert shown.returncode == 0
    assert ("no event: " + text in shown.stdout) == (shortest is not None)
    assert "no event" in shown.stdout
    done = timbrel("replay", "--config", config, "--json", file)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == (f"timbrel: {file}: no event: {text}\n" if shortest else "")


def test_shortest_sufficient_recording_has_an_event(tmp_path: Path, timbrel: Timbrel) -> None:
    sound, _ = soundfile.read(MEDLEY, dtype="float32")
    config, long, short = (tmp_path / name for name in ("low.yaml", "long.wav", "short.wav"))
    config.write_text("audio: {gate_dbfs: null}\ntracker: {threshold: 1.0e-6, patience: sure}\n")
    rate_hz = soundfile.info(MEDLEY).samplerate
    soundfile.write(long, sound[: 5 * rate_hz], rate_hz)
    soundfile.write(short, sound[: round(4.9 * rate_hz)], rate_hz)
    done = timbrel("replay", "--config", config, "--json", long)
    assert {event["event"] for event in parse_lines(done)} == {"started", "ended"}
    assert done.stderr == ""
    done = timbrel("replay", "--config", config, "--json", short)
    assert parse_lines(done) == []
    assert "needs at least 5 s" in done.stderr


def test_publishes_events_with_families_and_times(
    tmp_path: Path, broker: Mosquitto, watcher: Watcher, timbrel: Timbrel
) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text(f"mqtt: {{host: 127.0.0.1, port: {broker.port}}}")
    done = timbrel("replay", "--publish", "--json", "--config", config, MEDLEY)
    wanted = parse_lines(done)
    watcher.wait_for("timbrel/replay/availability", lambda m: m.payload == b"offline")

    topics = [message.topic for message in watcher.received]
    assert topics[:2] == [
        "homeassistant/device/timbrel_replay/config",
        "timbrel/replay/availability",
    ]
    events = [message.json for message in watcher.of("timbrel/replay/event")]
    assert [(e["event_type"], e["family"]) for e in events] == [
        (w["event"], w["family"]) for w in wanted
    ]
    began = timestamp(events[0]["onset"]) - wanted[0]["onset"]
    for event, want in zip(events, wanted, strict=True):
        assert timestamp(event["onset"]) - began == pytest.approx(want["onset"], abs=0.01)
        assert timestamp(event["at"]) - began == pytest.approx(want["at"], abs=0.01)
        assert event["node"] == "replay"
        assert event["score"] == pytest.approx(want["score"], abs=0.001)
        if want["event"] == "ended":
            assert event["duration_seconds"] == pytest.approx(want["duration_seconds"], abs=0.002)
    watcher.wait_for("timbrel/replay/state", lambda m: m.payload == b"")
    last = [message for message in watcher.of("timbrel/replay/state") if message.payload][-1]
    assert last.json["playing"] is False
    assert last.json["families"] == {}


@pytest.mark.parametrize("protocol", ["auto", "'3.1.1'"])
def test_publishing_removes_its_device_at_the_end(
    tmp_path: Path, broker: Mosquitto, watcher: Watcher, timbrel: Timbrel, protocol: str
) -> None:
    config, short = tmp_path / "timbrel.yaml", tmp_path / "short.wav"
    config.write_text(f"mqtt: {{host: 127.0.0.1, port: {broker.port}, protocol: {protocol}}}")
    soundfile.write(short, np.zeros(16_000 * 8), 16_000)
    done = timbrel("replay", "--publish", "--config", config, short)
    assert done.returncode == 0, done.stderr
    device = "homeassistant/device/timbrel_replay/config"
    assert watcher.wait_for(device).payload
    watcher.wait_for("timbrel/replay/availability", lambda m: m.payload == b"")
    with Watcher(broker.port) as newcomer:
        watcher._client.publish("end", b"1", 1).wait_for_publish(10)
        newcomer.wait_for("end")
        assert [m.topic for m in newcomer.received] == ["end"]


def test_slow_broker_receives_all_events(tmp_path: Path, timbrel: Timbrel) -> None:
    config = tmp_path / "timbrel.yaml"
    with ScriptedBroker(silence_seconds=7.0) as broker:
        config.write_text(f"mqtt: {{host: 127.0.0.1, port: {broker.port}}}")
        done = timbrel("replay", "--publish", "--json", "--config", config, MEDLEY)
        assert len(broker.of("timbrel/replay/event")) == len(parse_lines(done)) > 0
        assert broker.versions == [5]


def test_interrupt_ends_wait_for_silent_broker(tmp_path: Path) -> None:
    config = tmp_path / "timbrel.yaml"
    with ScriptedBroker(silence_seconds=60.0) as broker:
        config.write_text(f"mqtt: {{host: 127.0.0.1, port: {broker.port}}}")
        replay = subprocess.Popen(
            [sys.executable, "-m", "daemon", "replay", "--publish", "--config", config, MEDLEY],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        eventually(lambda: broker.versions, 30)
        began = time.monotonic()
        replay.send_signal(signal.SIGINT)
        output, errors = replay.communicate(timeout=60)
        assert time.monotonic() - began < 5.0
    assert (replay.returncode, output, errors) == (0, "", "")


def timestamp(iso: str) -> float:
    moment = datetime.fromisoformat(iso)
    assert moment.tzinfo is not None
    return moment.timestamp()


def test_recognizes_most_of_medley_and_nothing_between_music(timbrel: Timbrel) -> None:
    events = [e for e in parse_lines(timbrel("replay", "--json", MEDLEY)) if e["event"] == "ended"]

    def heard_seconds(start: float, end: float) -> Counter[str]:
        overlaps: Counter[str] = Counter()
        for event in events:
            overlap = min(end, event["ended_at"]) - max(start, event["onset"])
            overlaps[event["family"]] += max(0.0, overlap)
        return overlaps

    truth = read_medley().passages
    families = [p for p in truth if p.kind == "family"]
    named = [p for p in families if heard_seconds(p.start_seconds, p.end_seconds)[p.what] > 0]
    assert len(named) > len(families) / 2
    for calm in (p for p in truth if p.kind != "family"):
        longest = max(heard_seconds(calm.start_seconds, calm.end_seconds).values(), default=0.0)
        assert longest < (calm.end_seconds - calm.start_seconds) / 2, calm


def test_recordings_score_highest_for_their_own_family(corpus: Path, timbrel: Timbrel) -> None:
    """For up to twelve dev phrases per family, its own mean score is the highest."""
    with (corpus / "manifest.csv").open(newline="") as manifest:
        rows = [r for r in csv.DictReader(manifest) if (r["kind"], r["split"]) == ("phrase", "dev")]
    by_family: dict[str, list[str]] = {}
    for row in rows:
        by_family.setdefault(row["label"], []).append(str(corpus / row["path"]))
    assert set(FAMILIES) - set(by_family) == {"synth_lead"}
    files = [file for all_files in by_family.values() for file in all_files[::5][:12]]
    heard = {
        w["file"]: w["scores"] for w in parse_lines(timbrel("replay", "--json", "--scores", *files))
    }
    assert len(heard) == len(files)
    right = 0
    for family, all_files in by_family.items():
        scores = [heard[file] for file in all_files if file in heard]
        mean = {name: float(np.mean([s[name] for s in scores])) for name in FAMILIES}
        right += max(mean, key=lambda name: mean[name]) == family
    assert right >= 8, f"only {right} of {len(by_family)} families"
