"""Only sound lost in a mix counts as cancelled, not quiet, unrelated or silent channels."""

import numpy as np
import pytest

from daemon.sound.cancellation import Cancellation
from daemon.sound.mixing import mix_channels
from tests.daemon.conftest import Samples

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def sound() -> Samples:
    """Twelve seconds of noise at -20 dBFS."""
    return (np.random.default_rng(9).standard_normal(12 * RATE_HZ) * 0.1).astype(np.float32)


def cancellation_of(*channels: Samples, size: int = 2_048) -> Cancellation:
    """Feed the channels in blocks, as a decoder does, and return the result."""
    cancellation = Cancellation()
    blocks = np.stack(channels, axis=1)
    for start in range(0, len(blocks), size):
        block = blocks[start : start + size]
        cancellation.update(block, mix_channels(block), RATE_HZ)
    cancellation.judge()
    return cancellation


@pytest.mark.parametrize("size", [160, 2_048, 16_000, 50_000])
def test_opposite_channels_cancel_throughout(size: int, sound: Samples) -> None:
    cancellation = cancellation_of(sound, -sound, size=size)
    assert cancellation.seconds == pytest.approx(12.0)
    assert cancellation.is_long
    assert cancellation.covers_half


@pytest.mark.parametrize("offset", [0.01, 0.08])
def test_equal_dc_offset_does_not_hide_cancellation(offset: float, sound: Samples) -> None:
    shift = np.float32(offset)
    assert cancellation_of(sound + shift, shift - sound).seconds == pytest.approx(12.0)


def test_detects_inexact_cancellation(sound: Samples) -> None:
    coded = sound + np.roll(sound, 777) * np.float32(0.1)
    assert cancellation_of(sound * np.float32(0.8), -coded).covers_half


def test_counts_only_the_stretch_in_opposite_phase(sound: Samples) -> None:
    other = sound.copy()
    other[: 5 * RATE_HZ] *= -1
    cancellation = cancellation_of(sound, other, size=1_600)
    assert cancellation.seconds == 5.0
    assert cancellation.is_long
    assert not cancellation.covers_half


def test_separate_seconds_do_not_add_up_to_a_long_run(sound: Samples) -> None:
    other = sound.copy()
    for second in range(0, 12, 2):
        other[second * RATE_HZ : (second + 1) * RATE_HZ] *= -1
    blocks = np.stack([sound, other], axis=1)
    cancellation = Cancellation()
    for block in np.split(np.tile(blocks, (20, 1)), 240):
        cancellation.update(block, mix_channels(block), RATE_HZ)
    assert cancellation.seconds == 120.0
    assert not cancellation.is_long


def test_quiet_seconds_do_not_end_a_long_run(sound: Samples) -> None:
    gaps = sound.copy()
    for second in range(1, 12, 2):
        gaps[second * RATE_HZ : (second + 1) * RATE_HZ] = 0.0
    cancellation = cancellation_of(gaps, -gaps, size=1_600)
    assert cancellation.seconds == 6.0
    assert cancellation.is_long


def test_short_sound_can_be_covered_without_a_long_run(sound: Samples) -> None:
    short = sound[:24_000]
    cancellation = cancellation_of(short, -short)
    assert cancellation.seconds == pytest.approx(1.5)
    assert cancellation.covers_half
    assert not cancellation.is_long


def test_ordinary_stereo_and_arrays_do_not_cancel(sound: Samples) -> None:
    unrelated = [np.roll(sound, 5_000 * k) for k in range(8)]
    silence = np.zeros_like(sound)
    for channels in (
        [sound, sound],
        unrelated[:2],
        unrelated,
        [sound, silence],
        [silence] * 7 + [sound],
        [sound, -sound * np.float32(0.3)],
    ):
        assert cancellation_of(*channels).seconds == 0.0


def test_silence_and_quiet_noise_do_not_count(sound: Samples) -> None:
    for quiet in (0 * sound, sound * np.float32(0.001)):
        cancellation = cancellation_of(quiet, -quiet)
        assert cancellation.seconds == 0.0
        assert not cancellation.covers_half


def test_no_sound_does_not_count() -> None:
    cancellation = Cancellation()
    cancellation.judge()
    assert not cancellation.covers_half
    assert not cancellation.is_long
