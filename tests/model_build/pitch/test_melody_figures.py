import numpy as np
import pytest

from model_build.pitch.melody_figures import Melody, melody_figures

TIMES = np.arange(10) / 100.0
TRUTH = np.array([0.0, 0.0, 440.0, 440.0, 440.0, 440.0, 440.0, 440.0, 0.0, 0.0])


def found(hz: object, is_voiced: object) -> Melody:
    return Melody(TIMES, np.asarray(hz, float), np.asarray(is_voiced, bool))


def test_the_truth_itself_is_right() -> None:
    figures = melody_figures(TIMES, TRUTH, found(np.full(10, 440.0), TRUTH > 0))
    assert figures == (1.0, 1.0, 0.0)


def test_a_pitch_counts_as_right_within_50_cents() -> None:
    for cents, share in ((49.0, 1.0), (-49.0, 1.0), (51.0, 0.0), (1200.0, 0.0)):
        hz = np.full(10, 440.0 * 2.0 ** (cents / 1200.0))
        figures = melody_figures(TIMES, TRUTH, found(hz, TRUTH > 0))
        assert figures.raw_pitch == share
        assert figures.overall == pytest.approx(0.4 + 0.6 * share)


def test_voicing_does_not_change_raw_pitch() -> None:
    everywhere = melody_figures(TIMES, TRUTH, found(np.full(10, 440.0), np.ones(10)))
    nowhere = melody_figures(TIMES, TRUTH, found(np.full(10, 440.0), np.zeros(10)))
    assert everywhere == (1.0, 0.6, 1.0)
    assert nowhere == (1.0, 0.4, 0.0)


def test_other_times_are_interpolated_in_semitones() -> None:
    melody = Melody(np.array([0.0, 0.09]), np.array([220.0, 440.0]), np.array([False, True]))
    figures = melody_figures(np.array([0.03]), np.array([220.0 * 2.0 ** (1 / 3)]), melody)
    assert figures.raw_pitch == 1.0
    assert figures.overall == 0.0  # the nearer time, 0, is silent
    assert np.isnan(figures.false_voicing)
