from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.hearing.scorer import level_dbfs
from model_build.augmentations.level import level
from model_build.augmentations.microphone import low_pass, microphone, peaking
from model_build.augmentations.noise import coloured, noise
from model_build.augmentations.speed import speed

Samples = NDArray[np.float32]
RATE_HZ = 16_000


def hum(samples: int = 64_000, hz: float = 440.0) -> Samples:
    return np.asarray(0.1 * np.sin(2 * np.pi * hz / RATE_HZ * np.arange(samples)), np.float32)


def power(samples: Samples) -> float:
    return float(np.mean(samples.astype(np.float64) ** 2))


def with_noise(samples: Samples, rng: np.random.Generator) -> Samples:
    return noise(samples, rng, background=coloured(rng, 9_000, exponent=1.0), snr_db=5.0)


def through_microphone(samples: Samples, rng: np.random.Generator) -> Samples:
    return microphone(samples, rng, peak_db=(-8.0, 8.0), high_pass_hz=(30.0, 250.0))


def louder(samples: Samples, rng: np.random.Generator) -> Samples:
    return level(samples, dbfs=rng.uniform(-30.0, -20.0))


TRANSFORMS = pytest.mark.parametrize("transform", [with_noise, through_microphone, louder])


@TRANSFORMS
def test_keeps_length_and_dtype(
    transform: Callable[[Samples, np.random.Generator], Samples],
) -> None:
    changed = transform(hum(12_345), np.random.default_rng(1))
    assert changed.shape == (12_345,)
    assert changed.dtype == np.float32
    assert not np.array_equal(changed, hum(12_345))


@TRANSFORMS
def test_same_seed_gives_same_samples(
    transform: Callable[[Samples, np.random.Generator], Samples],
) -> None:
    first, again, other = (transform(hum(), np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("snr_db", [-6.0, 0.0, 3.0, 30.0])
@pytest.mark.parametrize("background_samples", [1_000, 64_000, 100_000])
def test_noise_has_the_requested_snr(snr_db: float, background_samples: int) -> None:
    rng = np.random.default_rng(3)
    background = rng.standard_normal(background_samples).astype(np.float32)
    together = noise(hum(), rng, background=background, snr_db=snr_db)
    beside = together - hum()
    assert level_dbfs(hum()) - level_dbfs(beside) == pytest.approx(snr_db, abs=0.1)


def test_silent_background_changes_nothing() -> None:
    background = np.zeros(100, np.float32)
    together = noise(hum(), np.random.default_rng(1), background=background, snr_db=10.0)
    assert np.array_equal(together, hum())


@pytest.mark.parametrize(("exponent", "db_per_octave"), [(0.0, 0.0), (1.0, -3.01), (2.0, -6.02)])
def test_coloured_noise_falls_with_frequency(exponent: float, db_per_octave: float) -> None:
    sound = coloured(np.random.default_rng(1), 1 << 18, exponent=exponent)
    power = np.abs(np.fft.rfft(sound)) ** 2
    low, high = power[1_000:2_000].mean(), power[2_000:4_000].mean()
    assert 10 * np.log10(high / low) == pytest.approx(db_per_octave, abs=0.3)
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("dbfs", [-60.0, -32.0, -12.0])
@pytest.mark.parametrize("gain", [1e-6, 1.0, 5.0])
def test_level_is_exact(dbfs: float, gain: float) -> None:
    changed = level(hum() * np.float32(gain), dbfs=dbfs)
    assert level_dbfs(changed) == pytest.approx(dbfs, abs=0.01)


def test_level_clips_at_full_scale_and_keeps_silence() -> None:
    assert np.abs(level(hum(), dbfs=3.0)).max() == 1.0
    assert not level(np.zeros(100, np.float32), dbfs=-20.0).any()


def test_peaking_filter_has_gain_only_at_its_centre() -> None:
    b0, b1, b2, a0, a1, a2 = peaking(1_000.0, 6.0, 1.0)
    z = np.exp(2j * np.pi / RATE_HZ * np.array([20.0, 1_000.0, 7_900.0]))
    gain_db = 20 * np.log10(np.abs((b0 + b1 / z + b2 / z**2) / (a0 + a1 / z + a2 / z**2)))
    assert gain_db == pytest.approx([0.0, 6.0, 0.0], abs=0.01)


def test_speed_of_an_octave_halves_length_and_doubles_pitch() -> None:
    fast = speed(hum(hz=500.0), semitones=12.0)
    assert len(fast) == 32_000
    assert np.abs(np.fft.rfft(fast)).argmax() * RATE_HZ / len(fast) == pytest.approx(1_000.0)


def test_low_pass_removes_what_is_above_its_corner_only() -> None:
    below, above = hum(hz=1_000.0), hum(hz=6_000.0)
    assert power(low_pass(below, corner_hz=4_000.0)) == pytest.approx(power(below), rel=0.01)
    assert power(low_pass(above, corner_hz=4_000.0)) < 0.001 * power(above)
