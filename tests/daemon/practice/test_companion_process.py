"""`timbrel run` on a virtual microphone publishes how the music is played."""

import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
from paho.mqtt.publish import single

from daemon.sound.sound_file import read_sound
from tests.conftest import MEDLEY, ROOT, Mosquitto, VirtualMicrophone, Watcher, killed_at_last
from tests.daemon.practice.note_model_by_hand import NOTE_MODEL

TOPIC = "timbrel/room/"


def test_live_notes_figures_and_summary_reach_the_broker(
    tmp_path: Path, broker: Mosquitto, microphone: VirtualMicrophone, watcher: Watcher
) -> None:
    guitar = tmp_path / "guitar.wav"
    soundfile.write(guitar, read_sound(str(MEDLEY))[: 17 * 16_000], 16_000)
    config = tmp_path / "timbrel.yaml"
    config.write_text(
        "name: room\naudio: {device: pulse, gate_dbfs: -60, hop_seconds: 0.5}\n"
        f"mqtt: {{host: 127.0.0.1, port: {broker.port}}}\nmodel: {{notes_file: {NOTE_MODEL}}}\n"
        "tracker: {stop_after_seconds: 3}\npractice: {gap_seconds: 10, least_seconds: 1}\n"
    )
    command = [sys.executable, "-m", "daemon", "run", "--config", str(config)]
    daemon = subprocess.Popen(
        command, cwd=ROOT, env=microphone.environment, stderr=subprocess.PIPE, text=True
    )
    with killed_at_last(daemon):
        watcher.wait_for(TOPIC + "state", seconds=40)
        assert watcher.of(TOPIC + "practice/now")[-1].json["a4_hz"] is None
        single(f"{TOPIC}practice_live_notes/set", "ON", port=broker.port)
        watcher.wait_for(TOPIC + "practice_live_notes", lambda m: m.payload == b"ON")
        microphone.play(guitar).wait(60)
        note = watcher.wait_for(TOPIC + "practice/note").json
        assert set(note) == {"note", "notes", "midi", "cents"}
        assert note["note"] in note["notes"]
        now = watcher.wait_for(TOPIC + "practice/now", lambda m: m.json["a4_hz"] is not None)
        assert now.json["a4_hz"] == pytest.approx(440.0, abs=3.0)
        summary = watcher.wait_for(TOPIC + "practice/summary", seconds=60).json
        assert summary["notes"] >= 5
        assert summary["a4_hz"] == pytest.approx(440.0, abs=3.0)
        assert watcher.of(TOPIC + "practice/now")[-1].json["a4_hz"] is None
        *_, last = watcher.of(TOPIC + "practice/note")
        assert last.json == {"note": None, "notes": []}
        assert not any(m.retained or m.qos for m in watcher.of(TOPIC + "practice/note"))
        assert watcher.wait_for(TOPIC + "diagnostics", lambda m: m.json["practice_ms"] > 0, 70)
