"""How loud the music is: marks from pp to ff, dynamic range, crescendo and decrescendo."""

import itertools
from typing import Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

STEP_SECONDS = 0.05
"""The span of one level."""

_QUIETEST_DB = -90.0
# Below this level, relative to full scale, there is no music.
_SILENT_DB = -65.0
# Music that is 40 dB below its loudest moment has faded away.
_SPAN_DB = 40.0
# Hann window of 0.9 s, so that single notes do not count as swells.
_SMOOTHING_STEPS = 17
_REVERSAL_DB = 4.0
_SWELL_DB, _SWELL_SECONDS = 5.0, 0.6
# An attack or a stop takes at most 150 ms.
_SUDDEN_STEPS = 3
_SUDDEN_DB = 12.0
# A level within 0.5 dB of a turning point stands still.
_STILL_DB = 0.5
_MARK_DB = 5.0
_BIN_DB = 0.5
_BINS = round(-_QUIETEST_DB / _BIN_DB) + 1

Mark = Literal["pp", "p", "mp", "mf", "f", "ff"]
_MARKS: tuple[Mark, ...] = ("pp", "p", "mp", "mf", "f", "ff")


class Swell(NamedTuple):
    """Music that becomes louder or quieter for at least 0.6 s and by at least 5 dB."""

    start_seconds: float
    """From the first sample."""
    end_seconds: float
    """From the first sample."""
    label: Literal["crescendo", "decrescendo"]
    """The direction."""


class LevelMeter:
    """Measures the level of sound in spans of 50 ms, from blocks of any length."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._span = round(STEP_SECONDS * sample_rate_hz)
        self._rest = np.zeros(0, np.float32)

    def levels(self, samples: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the levels (m,) in dBFS of the spans that these samples (n,) complete.

        The level of a full-scale sine is -3; silence has -90. The values do not depend on how the
        sound is divided into blocks.
        """
        sound = np.concatenate([self._rest, samples])
        whole = len(sound) // self._span * self._span
        self._rest = sound[whole:].copy()
        # Reduced span by span: each mean has the same bits in any block.
        power = np.square(sound[:whole].reshape(-1, self._span), dtype=np.float64).mean(axis=1)
        floor = 10.0 ** (_QUIETEST_DB / 10.0)
        levels: NDArray[np.float64] = 10.0 * np.log10(np.maximum(power, floor))
        return levels


class LevelCounts(msgspec.Struct):
    """A histogram of the levels of a session, in steps of 0.5 dB; it can be stored."""

    counts: list[int] = msgspec.field(default_factory=lambda: [0] * _BINS)
    """How many levels were nearest to -90, -89.5 ... 0 dBFS."""

    def add(self, levels_db: NDArray[np.float64]) -> None:
        """Count levels (m,) in dBFS; those of silence are left out."""
        heard = levels_db[levels_db >= _SILENT_DB]
        places = np.rint((heard - _QUIETEST_DB) / _BIN_DB).astype(np.int64)
        for place in np.clip(places, 0, _BINS - 1):
            self.counts[place] += 1

    def quantile(self, share: float) -> float | None:
        """Return the level in dBFS below which `share`, 0..1, of the music lies.

        Music is what is within 40 dB of the loudest level. Returns None if nothing was heard.
        """
        counts = np.asarray(self.counts)
        heard = np.flatnonzero(counts)
        if not len(heard):
            return None
        counts[: max(0, heard[-1] - round(_SPAN_DB / _BIN_DB))] = 0
        sums = np.cumsum(counts)
        place = int(np.searchsorted(sums, share * sums[-1]))
        return _QUIETEST_DB + _BIN_DB * place

    def mark(self, level_db: float) -> Mark | None:
        """Return the dynamic mark of a level in dBFS; the median of the session is mf.

        A step is 5 dB. Returns None for silence and before anything was heard.
        """
        median = self.quantile(0.5)
        if median is None or not level_db >= max(_SILENT_DB, median - _SPAN_DB):
            return None
        steps = round((level_db - median) / _MARK_DB)
        return _MARKS[max(0, min(len(_MARKS) - 1, _MARKS.index("mf") + steps))]

    def range_db(self) -> float | None:
        """Return the dynamic range: the 95 % quantile of the levels minus the 10 % quantile.

        Returns None if nothing was heard.
        """
        low, high = self.quantile(0.10), self.quantile(0.95)
        return None if low is None or high is None else high - low


def smoothed(
    levels_db: NDArray[np.float64], heard: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """Return levels (m,) averaged with a Hann window of 0.9 s.

    If `heard` (m,) is given, only those levels count, and the others are left out.
    """
    if heard is None:
        heard = np.ones(len(levels_db), np.bool_)
    if not heard.any():
        return levels_db[:0]
    window = np.hanning(_SMOOTHING_STEPS + 2)[1:-1]
    middle = slice(_SMOOTHING_STEPS // 2, _SMOOTHING_STEPS // 2 + len(levels_db))
    sums = np.convolve(np.where(heard, levels_db, 0.0), window)[middle]
    weights = np.convolve(heard.astype(np.float64), window)[middle]
    averages: NDArray[np.float64] = sums[heard] / weights[heard]
    return averages


def level_counts(levels_db: NDArray[np.float64]) -> LevelCounts:
    """Return the histogram of the smoothed levels of a recording with levels (m,) in dBFS."""
    counts = LevelCounts()
    if len(levels_db):
        counts.add(smoothed(levels_db, levels_db >= _floor_db(levels_db)))
    return counts


def swells(levels_db: NDArray[np.float64]) -> list[Swell]:
    """Return the crescendos and decrescendos of a recording with levels (m,) in dBFS, in order.

    An attack out of silence or a sudden stop is none.
    """
    if not len(levels_db) or not levels_db.max() >= _SILENT_DB:
        return []
    floored = np.maximum(levels_db, _floor_db(levels_db))
    curve = smoothed(floored)
    found = []
    turns = _turning_points(curve)
    for first, last in itertools.pairwise(turns):
        start, end = _moving_part(curve, first, last)
        sign = 1.0 if curve[end] > curve[start] else -1.0
        start, end = _without_sudden_step(floored, start, end, sign)
        long_enough = (end - start) * STEP_SECONDS >= _SWELL_SECONDS
        if long_enough and sign * _change_db(floored, start, end) >= _SWELL_DB:
            label: Literal["crescendo", "decrescendo"]
            label = "crescendo" if sign > 0 else "decrescendo"
            found.append(Swell(start * STEP_SECONDS, end * STEP_SECONDS, label))
    return found


def _floor_db(levels_db: NDArray[np.float64]) -> float:
    """Return the level in dBFS below which a recording with levels (m,) holds no music."""
    return max(_SILENT_DB, float(levels_db.max()) - _SPAN_DB)


def _moving_part(curve: NDArray[np.float64], first: int, last: int) -> tuple[int, int]:
    """Return the part of a change from which the level leaves its start and reaches its end."""
    span = curve[first : last + 1]
    start = first + int(np.flatnonzero(np.abs(span - span[0]) <= _STILL_DB)[-1])
    reached = start + int(
        np.flatnonzero(np.abs(curve[start : last + 1] - span[-1]) <= _STILL_DB)[0]
    )
    return start, reached


def _without_sudden_step(
    levels_db: NDArray[np.float64], start: int, end: int, sign: float
) -> tuple[int, int]:
    """Return the part of a change after its attack, or before its stop.

    A step of less than 12 dB belongs to the music: a louder note within a crescendo.
    """
    span = levels_db[start : end + 1]
    steps = sign * (span[_SUDDEN_STEPS:] - span[:-_SUDDEN_STEPS])
    sudden = np.flatnonzero(steps >= _SUDDEN_DB)
    if not len(sudden):
        return start, end
    if sign > 0:
        return min(end, start + int(sudden[-1]) + _SUDDEN_STEPS), end
    return start, start + int(sudden[0])


def _change_db(levels_db: NDArray[np.float64], start: int, end: int) -> float:
    """Return the level around `end` minus that around `start`, each a mean of 150 ms inside."""
    first = levels_db[start : start + _SUDDEN_STEPS]
    last = levels_db[max(start, end - _SUDDEN_STEPS + 1) : end + 1]
    return float(last.mean() - first.mean())


def _turning_points(curve: NDArray[np.float64]) -> list[int]:
    """Return the places where the curve (m,) turns by at least 4 dB, with both ends, in order."""
    turns, highest, lowest, direction = [0], 0, 0, 0
    for now, level in enumerate(curve.tolist()):
        highest = now if level > curve[highest] else highest
        lowest = now if level < curve[lowest] else lowest
        if direction >= 0 and curve[highest] - level > _REVERSAL_DB:
            turns.append(highest)
            direction, lowest = -1, now
        elif direction <= 0 and level - curve[lowest] > _REVERSAL_DB:
            turns.append(lowest)
            direction, highest = 1, now
    if direction:
        turns.append(highest if direction > 0 else lowest)
    return sorted({*turns, len(curve) - 1})
