"""A DC offset, as cheap microphones have, changes neither levels nor events."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.conftest import MEDLEY, Mosquitto, Timbrel, VirtualMicrophone
from tests.daemon.conftest import Samples


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def saved(path: Path, samples: Samples, rate_hz: int) -> Path:
    soundfile.write(path, samples, rate_hz, subtype="FLOAT")
    return path


@pytest.mark.parametrize("rate_hz", [16_000, 44_100])
@pytest.mark.parametrize("offset", [0.01, 0.08, -0.3])
def test_offset_does_not_change_the_level_of_a_quiet_room(
    offset: float, rate_hz: int, tmp_path: Path, timbrel: Timbrel
) -> None:
    rng = np.random.default_rng(3)
    room = (rng.standard_normal(20 * rate_hz) * 10 ** (-70 / 20)).astype(np.float32)
    plain = saved(tmp_path / "plain.wav", room, rate_hz)
    biased = saved(tmp_path / "biased.wav", room + np.float32(offset), rate_hz)
    levels = [
        [line["level_dbfs"] for line in lines(timbrel("replay", "--json", "--scores", file))]
        for file in (plain, biased)
    ]
    # Except for the first and last window, where the offset is a step and the resampler rings.
    np.testing.assert_allclose(levels[1][1:-1], levels[0][1:-1], atol=0.05)
    assert max(levels[1]) < -60
    assert lines(timbrel("replay", "--json", biased)) == []


def test_offset_does_not_change_the_events_of_the_medley(tmp_path: Path, timbrel: Timbrel) -> None:
    sound, rate_hz = soundfile.read(MEDLEY, dtype="float32")
    expected = lines(timbrel("replay", "--json", MEDLEY))
    for offset in (0.05, -0.2):
        biased = saved(tmp_path / "biased.wav", sound + np.float32(offset), rate_hz)
        events = lines(timbrel("replay", "--json", biased))
        assert [(e["event"], e["family"]) for e in events] == [
            (e["event"], e["family"]) for e in expected
        ]
        for one, other in zip(events, expected, strict=True):
            assert one["onset"] == pytest.approx(other["onset"], abs=1.0)
            assert one["at"] == pytest.approx(other["at"], abs=1.0)


def test_check_reports_a_microphone_stuck_at_one_value(
    broker: Mosquitto, microphone: VirtualMicrophone, tmp_path: Path, timbrel: Timbrel
) -> None:
    stuck = saved(tmp_path / "stuck.wav", np.full(60 * 44_100, 0.05, np.float32), 44_100)
    microphone.still()
    config = tmp_path / "timbrel.yaml"
    config.write_text(
        f"name: attic\naudio: {{device: pulse}}\nmqtt: {{host: localhost, port: {broker.port}}}\n"
    )
    player = microphone.play(stuck)
    try:
        time.sleep(1.0)
        done = timbrel("check", "--try", config, env=microphone.environment, timeout=100)
    finally:
        player.kill()
        player.wait()
    assert done.returncode == 1
    assert "attic: it is open, but gives a constant value instead of sound" in done.stdout
