"""Find the beats of notes that come without: heard in a recording, or in SMPTE time."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmoniser.tune import TuneNote

_SLOWEST_SECONDS, _FASTEST_SECONDS = 1.0, 0.4
_USUAL_SECONDS: Final = 0.7
# Standard deviation of the beat's duration around the usual one, as a factor of e.
_SPREAD: Final = 0.3
_HALF_BEAT_WEIGHT: Final = 0.5
_STEP: Final = 1.005
# An onset this near to an expected beat, in beats, moves it and the following ones.
_NEAR: Final = 0.25
_FOLLOW_TIME, _FOLLOW_TEMPO = 0.6, 0.1
# Where the beats begin, and how fast, is taken from the opening; later the player may have drifted.
_OPENING_SECONDS: Final = 10.0
_OPENING_BEATS: Final = 4
_BAR_BEATS: Final = 4


def beats_of_notes(
    notes: Sequence[TuneNote], ticks_per_second: float
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the edges of beats in ticks, from before the first note to the end, and bars.

    The beat is the one to whose multiples and halves most onsets are near, preferably at 86 a
    minute; it then follows the onsets. The first beat is the one at or before the first note; every
    fourth beat begins a bar.
    """
    onsets = np.unique([note.start for note in notes]) / ticks_per_second
    end = max(note.end for note in notes) / ticks_per_second
    period = beat_seconds(onsets[onsets <= onsets[0] + _OPENING_SECONDS])
    times = _followed(onsets, period, end)
    ticks = sorted({round(max(0.0, time) * ticks_per_second) for time in times})
    return tuple(ticks), tuple(range(0, len(ticks) - 1, _BAR_BEATS))


def beat_seconds(onsets: NDArray[np.float64]) -> float:
    """Return the duration of a beat for onsets in seconds (n,)."""
    count = math.ceil(math.log(_SLOWEST_SECONDS / _FASTEST_SECONDS, _STEP))
    periods = _FASTEST_SECONDS * _STEP ** np.arange(count + 1)
    turns = 2j * np.pi * onsets / periods[:, None]
    fit = np.abs(np.exp(turns).mean(axis=1))
    fit += _HALF_BEAT_WEIGHT * np.abs(np.exp(2 * turns).mean(axis=1))
    usual = np.exp(-0.5 * (np.log(periods / _USUAL_SECONDS) / _SPREAD) ** 2)
    return float(periods[(fit * usual).argmax()])


def _followed(onsets: NDArray[np.float64], period: float, end: float) -> list[float]:
    """Return the times of beats from the first onset to the first beat at or after `end`."""
    opening = onsets[onsets <= onsets[0] + _OPENING_BEATS * period]
    phase = np.angle(np.exp(2j * np.pi * opening / period).mean()) / (2 * np.pi) * period
    first = onsets[0] - (onsets[0] - phase) % period
    if onsets[0] - first > (1.0 - _NEAR) * period:
        first += period
    times = [float(first)]
    while times[-1] < end:
        expected = times[-1] + period
        nearest = float(onsets[np.abs(onsets - expected).argmin()])
        error = nearest - expected
        if abs(error) < _NEAR * period:
            expected += _FOLLOW_TIME * error
            period = float(np.clip(period + _FOLLOW_TEMPO * error, 0.5 * period, 2.0 * period))
        times.append(expected)
    return times
