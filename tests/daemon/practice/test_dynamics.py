import numpy as np
import pytest

from daemon.practice.dynamics import LevelCounts, LevelMeter, level_counts, smoothed, swells
from tests.daemon.conftest import Samples

RATE_HZ = 16_000


def tone(points: list[tuple[float, float]]) -> Samples:
    """A tone of 220 Hz whose level in dB goes through (seconds, dB)."""
    seconds = np.arange(round(points[-1][0] * RATE_HZ)) / RATE_HZ
    level_db = np.interp(seconds, [at for at, _ in points], [db for _, db in points])
    wave = np.sin(2 * np.pi * 220.0 * seconds)
    return (10.0 ** (level_db / 20.0) * wave).astype(np.float32)


def test_a_full_scale_sine_has_minus_three_dbfs() -> None:
    levels = LevelMeter(RATE_HZ).levels(tone([(0.0, 0.0), (1.0, 0.0)]))
    assert levels.shape == (20,)
    assert levels == pytest.approx(-3.01, abs=0.01)


def test_levels_are_the_same_bits_at_any_block_length() -> None:
    samples = np.random.default_rng(1).normal(0, 0.1, 20_011).astype(np.float32)
    whole = LevelMeter(RATE_HZ).levels(samples)
    for length in (1, 7, 799, 800, 4_096):
        part = samples[:2_000] if length == 1 else samples
        meter = LevelMeter(RATE_HZ)
        pieces = [meter.levels(part[k : k + length]) for k in range(0, len(part), length)]
        joined = np.concatenate(pieces)
        assert joined.tobytes() == whole[: len(joined)].tobytes()


def test_finds_crescendo_and_decrescendo() -> None:
    samples = tone([(0.0, -40.0), (0.5, -40.0), (4.0, -15.0), (7.0, -40.0), (8.0, -40.0)])
    up, down = swells(LevelMeter(RATE_HZ).levels(samples))
    assert (up.label, down.label) == ("crescendo", "decrescendo")
    assert up.start_seconds == pytest.approx(0.5, abs=0.3)
    assert up.end_seconds == pytest.approx(4.0, abs=0.3)
    assert down.start_seconds == pytest.approx(4.0, abs=0.3)
    assert down.end_seconds == pytest.approx(7.0, abs=0.3)


def test_a_crescendo_begins_after_its_attack() -> None:
    samples = np.concatenate([np.zeros(8_000, np.float32), tone([(0.0, -30.0), (3.0, -15.0)])])
    (up,) = swells(LevelMeter(RATE_HZ).levels(samples))
    assert up.label == "crescendo"
    assert up.start_seconds == pytest.approx(0.5, abs=0.3)
    assert up.end_seconds == pytest.approx(3.4, abs=0.3)


def test_an_attack_and_a_stop_are_no_swells() -> None:
    samples = np.concatenate([np.zeros(32_000, np.float32), tone([(0.0, -20.0), (4.0, -20.0)])])
    samples = np.concatenate([samples, np.zeros(32_000, np.float32)])
    assert swells(LevelMeter(RATE_HZ).levels(samples)) == []


@pytest.mark.parametrize("samples", [np.zeros(64_000), np.zeros(0), np.full(100, 0.1)])
def test_silence_and_short_sound_have_no_dynamics(samples: Samples) -> None:
    levels = LevelMeter(RATE_HZ).levels(samples.astype(np.float32))
    assert swells(levels) == []
    assert level_counts(levels).range_db() is None
    assert level_counts(levels).mark(-20.0) is None


def test_steady_noise_has_neither_swells_nor_range() -> None:
    samples = np.random.default_rng(2).normal(0, 0.05, 8 * RATE_HZ).astype(np.float32)
    levels = LevelMeter(RATE_HZ).levels(samples)
    assert swells(levels) == []
    assert level_counts(levels).range_db() == pytest.approx(0.0, abs=0.5)


def test_the_median_of_the_session_is_mf_and_a_step_is_five_db() -> None:
    counts = LevelCounts()
    counts.add(np.full(100, -30.0))
    marks = [counts.mark(-30.0 + difference) for difference in (-35, -15, -10, -5, 0, 2, 5, 10, 25)]
    assert marks == ["pp", "pp", "p", "mp", "mf", "mf", "f", "ff", "ff"]
    assert counts.mark(-80.0) is None


def test_the_range_is_that_of_the_music_without_the_pauses() -> None:
    parts = [np.full(200, -40.0), np.full(200, -20.0), np.full(400, -90.0)]
    assert level_counts(np.concatenate(parts)).range_db() == pytest.approx(20.0, abs=1.0)


def test_smoothing_keeps_a_constant_level() -> None:
    assert smoothed(np.full(30, -20.0)) == pytest.approx(-20.0)
    assert len(smoothed(np.zeros(0))) == 0
