import numpy as np
import pytest

from daemon.practice.beats.tempogram import (
    TEMPI_BPM,
    autocorrelation,
    fourier,
    likely_bpm,
    prior,
    regularity,
    tempogram,
)


def strength(bpm: float, seconds: float = 20.0) -> np.ndarray:
    values = np.zeros(round(100 * seconds))
    values[np.rint(np.arange(0.3, seconds, 60.0 / bpm) * 100).astype(int)] = 5.0
    return np.convolve(values, np.hanning(7), "same")


@pytest.mark.parametrize("bpm", [70.0, 100.0, 125.0, 160.0, 175.0])
def test_even_strokes_have_their_tempo(bpm: float) -> None:
    values = strength(bpm)
    found = likely_bpm(tempogram(values, autocorrelation(values)))
    assert found == pytest.approx(bpm, rel=0.02)


def test_the_prior_is_highest_at_100() -> None:
    assert prior(np.array([100.0, 50.0, 200.0])) == pytest.approx([1.0, 0.607, 0.607], abs=1e-3)


def test_regularity_is_high_at_the_gap_of_the_beats() -> None:
    correlation = autocorrelation(strength(96.0))
    assert correlation[0] == pytest.approx(1.0)
    assert regularity(correlation, 96.0) > 0.8
    assert regularity(correlation, 83.0) < 0.3


def test_magnitudes_at_twice_the_tempo_reach_beyond_the_tempogram() -> None:
    single, double = fourier(strength(140.0))
    at = int(np.abs(TEMPI_BPM - 140.0).argmin())
    assert single[at] > 0.5 * single.max()
    assert double[at] > 0.5 * double.max()
