import numpy as np
import pytest

from daemon.practice.beats.onset_strength import onset_strength, relative_levels, rises


def frames(gain: float = 1.0) -> np.ndarray:
    """Log-mel of strokes that decay, every half second."""
    magnitudes = np.full((400, 64), 0.01)
    for start in range(50, 400, 50):
        magnitudes[start:] += 8.0 * np.exp(-np.arange(400 - start) / 8.0)[:, None]
    return np.log(gain * magnitudes + 0.001).astype(np.float32)


def test_levels_do_not_depend_on_the_gain() -> None:
    loud, soft = relative_levels(frames()), relative_levels(frames(0.1))
    assert loud is not None
    assert soft == pytest.approx(loud, abs=0.02)
    assert loud.min() >= -4.61


@pytest.mark.parametrize(
    "given", [frames()[:149], np.full((400, 64), np.log(0.001)), np.full((400, 64), np.nan)]
)
def test_short_silent_and_broken_sound_has_no_levels(given: np.ndarray) -> None:
    assert relative_levels(given.astype(np.float32)) is None


def test_strokes_rise_and_decays_do_not() -> None:
    levels = relative_levels(frames())
    assert levels is not None
    rise = rises(levels)
    rising = np.flatnonzero(rise.mean(axis=1) > 0.5)
    assert set(rising.tolist()) == {k + d for k in range(50, 400, 50) for d in (0, 1)}


def test_a_pitch_that_moves_to_the_next_band_is_no_rise() -> None:
    levels = np.full((200, 64), -4.0, np.float32)
    for frame in range(200):
        levels[frame, 20 + (frame // 10) % 2] = 0.0
    assert rises(levels)[5:].max() == 0.0


def test_onset_strength_peaks_at_the_strokes() -> None:
    levels = relative_levels(frames())
    assert levels is not None
    strength = onset_strength(rises(levels))
    assert strength is not None
    assert strength.std() == pytest.approx(1.0)
    peaks = [int(strength[k - 10 : k + 10].argmax()) + k - 10 for k in range(50, 400, 50)]
    assert peaks == pytest.approx(np.arange(50, 400, 50), abs=1.01)


def test_sound_without_rises_has_no_strength() -> None:
    assert onset_strength(np.zeros((400, 64), np.float32)) is None
