"""Channels with sound are mixed; silent, stuck or constant ones do not lower the level."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.sound.mixing import DeviceMix, mix_channels
from tests.conftest import ROOT, Mosquitto, VirtualMicrophone, Watcher
from tests.daemon.conftest import Samples

PROGRAM = ROOT / "tests" / "daemon" / "faulty_daemon.py"
RATE_HZ = 16_000


def stack(*channels: Samples) -> Samples:
    return np.stack(channels, axis=1)


def mono(mix: DeviceMix, blocks: Samples, size: int = 4_000) -> Samples:
    """Mix the blocks in pieces, as a device delivers them."""
    pieces = (blocks[start : start + size] for start in range(0, len(blocks), size))
    return np.concatenate([mix.mono(piece, RATE_HZ) for piece in pieces])


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 8])
def test_all_channels_have_equal_weight(channels: int, noise: Samples) -> None:
    blocks = np.ascontiguousarray(noise[: 16_000 * channels].reshape(16_000, channels))
    np.testing.assert_allclose(mix_channels(blocks), blocks.mean(axis=1), atol=1e-7)
    np.testing.assert_allclose(mono(DeviceMix(), blocks), blocks.mean(axis=1), atol=1e-7)


@pytest.mark.parametrize("silent", [0.0, 0.3, -1e-4])
@pytest.mark.parametrize("channels", [2, 4, 8])
def test_silent_channels_keep_the_level(silent: float, channels: int, noise: Samples) -> None:
    for place in (0, channels - 1):
        blocks = np.full((16_000, channels), silent, np.float32)
        blocks[:, place] = noise[:16_000]
        mix = DeviceMix()
        assert np.array_equal(mono(mix, blocks), noise[:16_000])
        assert mix.has_sound


def test_mixes_only_the_two_live_channels_of_eight(noise: Samples) -> None:
    blocks = np.zeros((16_000, 8), np.float32)
    blocks[:, 1], blocks[:, 6] = noise[:16_000], noise[16_000:32_000]
    np.testing.assert_allclose(mono(DeviceMix(), blocks), blocks[:, [1, 6]].mean(axis=1), atol=1e-7)


def test_paused_channel_keeps_its_weight_for_five_seconds(noise: Samples) -> None:
    one, other = noise[:160_000], noise[:160_000].copy()
    other[16_000:] = 0.0
    mix = DeviceMix()
    blocks = mono(mix, stack(one, other), size=16_000)
    np.testing.assert_allclose(blocks[16_000:80_000], one[16_000:80_000] / 2, atol=1e-7)
    assert np.array_equal(blocks[96_000:], one[96_000:])
    assert np.array_equal(mix.mono(stack(one, one)[:16_000], RATE_HZ), one[:16_000])


def test_selected_channel_is_used_alone_even_if_silent(noise: Samples) -> None:
    mix = DeviceMix(channel=2)
    sound = noise[:16_000]
    assert np.array_equal(mix.mono(stack(0 * sound, sound), RATE_HZ), sound)
    assert mix.has_sound
    assert not mix.mono(stack(sound, 0 * sound), RATE_HZ).any()
    assert not mix.has_sound


@pytest.mark.parametrize("value", [0.0, 0.4])
def test_constant_device_has_no_sound(value: float) -> None:
    mix = DeviceMix()
    mono(mix, np.full((16_000, 2), value, np.float32))
    assert not mix.has_sound


def test_detects_a_short_sound_between_silence(noise: Samples) -> None:
    blocks = np.zeros((16_000, 2), np.float32)
    blocks[9_000:9_100, 1] = noise[:100]
    mix = DeviceMix()
    mix.mono(blocks, RATE_HZ)
    assert mix.has_sound


def test_microphone_on_the_second_channel_keeps_its_level(
    broker: Mosquitto, watcher: Watcher, microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    room = np.zeros((30 * 44_100, 2), np.float32)
    room[:, 1] = np.random.default_rng(5).standard_normal(len(room)) * 0.1
    soundfile.write(tmp_path / "room.wav", room, 44_100)
    config = tmp_path / "timbrel.yaml"
    mqtt = {"host": "127.0.0.1", "port": broker.port}
    # faulty_daemon.py opens a place with a number in its name as a sound card with two channels.
    sources = [{"name": "stage44100", "device": "pulse"}]
    config.write_text(
        json.dumps({"mqtt": mqtt, "sources": sources, "state": {"directory": str(tmp_path)}})
    )
    microphone.still()
    player = microphone.play(tmp_path / "room.wav")
    daemon = subprocess.Popen(
        [sys.executable, PROGRAM, "30", config], cwd=ROOT, env=microphone.environment
    )
    try:
        level = watcher.wait_for("timbrel/stage44100/level", seconds=20)
    finally:
        for process in (daemon, player):
            process.terminate()
            process.wait(10)
    # Noise of -20 dBFS at 44.1 kHz loses 4.4 dB above 8 kHz; mixing would lose another 6 dB.
    assert float(level.payload) == pytest.approx(-24.5, abs=1.5)
