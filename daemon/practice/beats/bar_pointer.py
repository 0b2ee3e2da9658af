"""Find beats with a hidden Markov model of tempo and position within the beat.

The model is that of Krebs, Böck and Widmer, "An Efficient State-Space Model for Joint Tempo and
Meter Tracking" (2015): every state moves to the next position of the same tempo in each frame, and
the tempo changes only on a beat. Therefore whole beats are scored at once instead of frames, which
gives the same path.
"""

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FRAMES_PER_SECOND = 50
FASTEST_FRAMES, SLOWEST_FRAMES = 12, 75
"""Duration of a beat, in frames: 250 and 40 beats a minute."""

_TEMPO_RIGIDITY = 50.0
# A beat lasts one part of so many of its gap; the rest of the frames are between beats.
_PARTS = 16
_LEAST, _MOST = 0.02, 0.98


class _Model(NamedTuple):
    """Tables for the k possible durations of a beat."""

    durations: NDArray[np.int64]
    """Frames of a beat (k,)."""
    widths: NDArray[np.int64]
    """Frames at the start of a beat that count as the beat itself (k,)."""
    changes: NDArray[np.float32]
    """Log-probability of each duration (rows) after each duration (columns), (k, k)."""


@functools.cache
def _model() -> _Model:
    durations = np.arange(FASTEST_FRAMES, SLOWEST_FRAMES + 1)
    ratio = durations[:, None] / durations[None, :]
    weights = np.exp(-_TEMPO_RIGIDITY * np.abs(ratio - 1.0))
    weights /= weights.sum(axis=0)
    changes = np.log(np.maximum(weights, 1e-30)).astype(np.float32)
    return _Model(durations, -(-durations // _PARTS), changes)


def beat_tempi() -> NDArray[np.float64]:
    """Return the k tempi that beats can have, in beats a minute, fastest first."""
    tempi: NDArray[np.float64] = 60.0 * FRAMES_PER_SECOND / _model().durations
    return tempi


def beat_frames(
    activation: NDArray[np.float64], preferences: NDArray[np.float64], span_frames: int
) -> NDArray[np.int64]:
    """Return the frames (b,) of the most probable beats, in order.

    `activation` (n,) is the probability of a beat in each of 50 frames a second, 0..1. Each row of
    `preferences` (s, k) is the log-probability of each of `beat_tempi` for the beats that start in
    one span of `span_frames` frames; the last row also holds for the rest of the sound.
    """
    count = len(activation)
    if not count:
        return np.zeros(0, np.int64)
    inside = np.clip(activation, _LEAST, _MOST)
    between = np.log((1.0 - inside) / (_PARTS - 1))
    sums = np.concatenate([[0.0], np.cumsum(between)])
    gains = np.concatenate([[0.0], np.cumsum(np.log(inside) - between)])
    sounding = _Emissions(sums, gains)
    before, scores = _forward(sounding, count, preferences, span_frames)
    return _backward(activation, before, *_last_beat(sounding, scores, count))


class _Emissions:
    """Log-likelihood of the frames of a beat, from cumulative sums; outside of the sound it is 0.

    `sums` and `gains` (n + 1,) are those between beats, and what a beat has more.
    """

    def __init__(self, sums: NDArray[np.float64], gains: NDArray[np.float64]) -> None:
        self._sums = np.pad(sums, SLOWEST_FRAMES, "edge")
        self._gains = np.pad(gains, SLOWEST_FRAMES, "edge")

    def of(self, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.float64]:
        """Score beats of each duration (..., k) from `starts` to before `ends`.

        They lie at most `SLOWEST_FRAMES` outside of the sound.
        """
        first, last = starts + SLOWEST_FRAMES, ends + SLOWEST_FRAMES
        beat_end = np.minimum(first + _model().widths, last)
        scores: NDArray[np.float64] = (
            self._sums[last] - self._sums[first] + self._gains[beat_end] - self._gains[first]
        )
        return scores


def _forward(
    emissions: _Emissions, count: int, preferences: NDArray[np.float64], span_frames: int
) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Score every beat that can start in every frame.

    Returns the best duration (index) of the beat before it, (count, k), and the scores of beats
    that start in the last 75 frames, (75, k). Beats are scored in blocks of the shortest duration,
    because none in a block can follow another one in it.
    """
    durations, _, changes = _model()
    kinds = np.arange(len(durations))
    block = FASTEST_FRAMES
    # A beat may have started before the sound.
    scores = np.tile(preferences[0], (SLOWEST_FRAMES + block, 1))
    before = np.zeros((count, len(durations)), np.int8)
    options = np.empty((block, *changes.shape), np.float32)
    within = np.arange(block)[:, None]
    for start in range(0, count, block):
        rows = min(block, count - start)
        frames = start + within[:rows]
        ended = scores[SLOWEST_FRAMES + within[:rows] - durations, kinds]
        ended += emissions.of(frames - durations, frames)
        top = ended.max(axis=1, keepdims=True)
        ended -= top
        # Differences, so that single precision is enough in a long recording.
        np.add(ended.astype(np.float32)[:, None, :], changes, out=options[:rows])
        chosen = options[:rows].argmax(axis=2)
        before[start : start + rows] = chosen
        best = options[within[:rows], kinds, chosen]
        if start == 0:
            best[0], top[0] = 0.0, 0.0
        best = best + preferences[min(start // span_frames, len(preferences) - 1)]
        scores[SLOWEST_FRAMES : SLOWEST_FRAMES + rows] = best + top
        scores[:SLOWEST_FRAMES] = scores[rows : SLOWEST_FRAMES + rows]
    return before, scores[:SLOWEST_FRAMES]


def _last_beat(emissions: _Emissions, scores: NDArray[np.float64], count: int) -> tuple[int, int]:
    """Return start and duration (index) of the best beat that is under way at the end."""
    durations = _model().durations
    starts = np.arange(count - SLOWEST_FRAMES, count)[:, None]
    total = scores + emissions.of(starts, np.full_like(starts, count))
    total = np.where(starts + durations >= count, total, -np.inf)
    row, kind = np.unravel_index(int(total.argmax()), total.shape)
    return int(starts[row, 0]), int(kind)


def _backward(
    activation: NDArray[np.float64], before: NDArray[np.int8], start: int, kind: int
) -> NDArray[np.int64]:
    """Follow the beats back from the last one; return the strongest frame of each."""
    durations, widths, _ = _model()
    beats = []
    while True:
        first, end = max(0, start), min(start + int(widths[kind]), len(activation))
        if first < end:
            beats.append(first + int(activation[first:end].argmax()))
        if start <= 0:
            return np.array(beats[::-1], np.int64)
        kind = int(before[start, kind])
        start -= int(durations[kind])
