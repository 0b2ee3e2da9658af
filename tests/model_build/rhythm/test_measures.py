import numpy as np
import pytest

from daemon.practice.dynamics import Swell
from model_build.rhythm.measures import RATIOS, beats_f_measure, covered, is_near


def test_a_tempo_is_near_within_four_percent() -> None:
    assert is_near(103.9, 100.0)
    assert not is_near(104.1, 100.0)
    assert not is_near(200.0, 100.0)
    assert not is_near(None, 100.0)
    assert all(is_near(bpm, 120.0, RATIOS) for bpm in (40.0, 60.0, 120.0, 240.0, 360.0))
    assert not is_near(80.0, 120.0, RATIOS)


def test_f_measure_counts_each_beat_once() -> None:
    true = np.arange(1.0, 10.0, 0.5)
    assert beats_f_measure(true + 0.06, true) == 1.0
    assert beats_f_measure(true + 0.08, true) == 0.0
    assert beats_f_measure(true[::2], true) == pytest.approx(2 / 3)
    twice = np.sort(np.concatenate([true, true + 0.02]))
    assert beats_f_measure(twice, true) == pytest.approx(2 / 3)
    assert beats_f_measure(np.zeros(0), true) == 0.0


def test_the_first_second_of_a_longer_recording_is_left_out() -> None:
    true = np.arange(0.0, 10.0, 0.5)
    assert beats_f_measure(true[true >= 1.0], true) == 1.0
    short = np.arange(0.0, 5.0, 0.5)
    assert beats_f_measure(short[short >= 1.0], short) < 1.0


def test_a_swell_is_found_if_half_of_it_is_covered() -> None:
    marked = [Swell(0.0, 4.0, "crescendo"), Swell(4.0, 8.0, "decrescendo")]
    found = [Swell(1.0, 3.5, "crescendo"), Swell(4.0, 8.0, "crescendo")]
    assert covered(marked, found) == 0.5
