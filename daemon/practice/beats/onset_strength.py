"""Onset strength: how much the bands of the log-mel rise, 100 values a second."""

import numpy as np
from numpy.typing import NDArray

FRAMES_PER_SECOND = 100
SHORTEST_FRAMES = 150
"""Shorter sound has no onset strength, because a tempo needs a few beats."""

# A sound is silent if its loud frames stay below this mel magnitude, about -70 dBFS.
_SILENT_MAGNITUDE = 0.03
_LOUD_QUANTILE = 0.98
# Sound that is 40 dB below the loud frames has no onsets.
_FLOOR_NEPERS = 4.6
_LOG_OFFSET = 0.001
_RISE_FRAMES = 2
_SMOOTHING_FRAMES = 5
_MEAN_FRAMES = 80


def relative_levels(frames: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Return log-mel `frames` (n, bands) relative to their loud level, in nepers, -4.6..about 0.

    They no longer depend on the gain of the microphone. Returns None for silence and below 1.5 s.
    """
    if len(frames) < SHORTEST_FRAMES:
        return None
    magnitudes = np.maximum(np.exp(frames) - np.float32(_LOG_OFFSET), np.float32(0.0))
    loud = float(np.quantile(magnitudes.max(axis=1), _LOUD_QUANTILE))
    # The comparison is false for NaN too.
    if not loud >= _SILENT_MAGNITUDE:
        return None
    levels: NDArray[np.float32] = np.log(magnitudes / np.float32(loud) + np.exp(-_FLOOR_NEPERS))
    return levels.astype(np.float32, copy=False)


def rises(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much each band of `relative_levels` (n, bands) rises, in nepers, 0 or more.

    Row i belongs to the sound in the middle of frame i. A band rises if it is louder than itself
    and its neighbours were 20 ms before, so that vibrato does not count.
    """
    before = levels.copy()
    np.maximum(before[:, 1:], levels[:, :-1], out=before[:, 1:])
    np.maximum(before[:, :-1], levels[:, 1:], out=before[:, :-1])
    rise = np.zeros_like(levels)
    np.subtract(levels[_RISE_FRAMES:], before[:-_RISE_FRAMES], out=rise[_RISE_FRAMES:])
    return np.maximum(rise, np.float32(0.0), out=rise)


def onset_strength(rise: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """Return the onset strength (n,) of `rises` (n, bands); its standard deviation is 1.

    Returns None for sound without any rise.
    """
    mean = _smoothed(rise.mean(axis=1, dtype=np.float64), _SMOOTHING_FRAMES)
    strength = np.maximum(mean - _smoothed(mean, _MEAN_FRAMES), 0.0)
    deviation = float(strength.std())
    return strength / deviation if deviation > 0 else None


def _smoothed(values: NDArray[np.float64], frames: int) -> NDArray[np.float64]:
    """Return the values (n,) averaged with a Hann window of `frames` values, centred."""
    window = np.hanning(frames + 2)[1:-1]
    return np.convolve(values, window / window.sum(), "same")
