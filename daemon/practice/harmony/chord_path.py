"""From the scores of frames to a sequence of chords."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmony.chord_network import NO_CHORD
from daemon.practice.spectrum import HOP_SECONDS

HELD_SECONDS = 2.0
"""A chord lasts until the next one, but not further than this into a silence."""

_STAY = 0.6 ** (HOP_SECONDS / 0.128)  # the chance that a chord goes on, 0.6 each 128 ms
_CLASSES = NO_CHORD + 1


class Stretch(NamedTuple):
    """Frames with one chord."""

    first: int
    """The first frame."""
    end: int
    """The frame after the last one."""
    chord: int
    """0..23, or NO_CHORD."""


def likeliest_chords(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the classes (frames,) of the likeliest path through scores (frames, 25), Viterbi's.

    All changes are equally likely, so that the best of them starts at the best class before.
    """
    stay, change = float(np.log(_STAY)), float(np.log((1.0 - _STAY) / (_CLASSES - 1)))
    own = np.arange(_CLASSES)
    before = np.empty(scores.shape, np.int64)
    total = scores[0].astype(np.float64)
    for frame in range(1, len(scores)):
        best = int(total.argmax())
        changed = total[best] + change
        stayed = total + stay
        before[frame] = np.where(stayed >= changed, own, best)
        total = np.maximum(stayed, changed) + scores[frame]
    path = np.empty(len(scores), np.int64)
    path[-1] = total.argmax()
    for frame in range(len(scores) - 1, 0, -1):
        path[frame - 1] = before[frame, path[frame]]
    return path


def stretches(path: NDArray[np.int64]) -> list[Stretch]:
    """Return the chords of a path (frames,), each held until the next or for HELD_SECONDS."""
    cuts = np.flatnonzero(np.diff(path)) + 1
    bounds = [0, *cuts.tolist(), len(path)]
    held_frames = round(HELD_SECONDS / HOP_SECONDS)
    found: list[Stretch] = []
    for first, end in pairwise(bounds):
        chord = int(path[first])
        start = first
        if chord == NO_CHORD and found:
            start = min(end, first + held_frames)
            found[-1] = found[-1]._replace(end=start)
        if found and found[-1].chord == chord:
            found[-1] = found[-1]._replace(end=end)
        elif start < end:
            found.append(Stretch(start, end, chord))
    return found
