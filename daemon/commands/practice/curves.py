"""The series behind the pictures of a recording: tempo over time, and cents of its notes."""

from collections.abc import Sequence

import numpy as np

from daemon.practice.analysis.played_note import PlayedNote
from daemon.practice.tempo import Rhythm
from daemon.practice.tuning import sustained

BIN_CENTS = 10
"""Width of a bar of the tuning histogram."""
# A longer gap between beats, relative to the usual one, is a pause.
_LONGEST_GAP = 1.5
_SMOOTHING_BEATS = 4


def tempo_curve(rhythm: Rhythm | None) -> list[tuple[float, float]]:
    """Return pairs of seconds and beats a minute; empty without a steady tempo.

    Each is the mean over four gaps between beats; pauses are left out.
    """
    if rhythm is None or rhythm.beats is None:
        return []
    beats = rhythm.beats
    gaps = np.diff(beats)
    kept = gaps <= _LONGEST_GAP * np.median(gaps)
    middles, gaps = ((beats[:-1] + beats[1:]) / 2.0)[kept], gaps[kept]
    points = []
    for first in range(len(gaps) - _SMOOTHING_BEATS + 1):
        part = slice(first, first + _SMOOTHING_BEATS)
        points.append((float(middles[part].mean()), float(60.0 / gaps[part].mean())))
    return points


def cents_histogram(notes: Sequence[PlayedNote]) -> list[tuple[int, float]]:
    """Return the middle of each bar in cents, -50..50, and the seconds of sustained notes in it."""
    bars = dict.fromkeys(range(-50, 51, BIN_CENTS), 0.0)
    for note in sustained(notes):
        bars[BIN_CENTS * round(note.cents / BIN_CENTS)] += note.offset - note.onset
    return list(bars.items())
