"""How right a key or a sequence of chords is, as MIREX counts it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.spelling import pitch_class

_FIFTH_SCORE, _RELATIVE_SCORE, _PARALLEL_SCORE = 0.5, 0.3, 0.2
_FIFTH, _MINOR_THIRD = 7, 3
_MINOR = 12  # classes from here on are minor
_NO_CHORD, _NEITHER = 24, -1
_MAJOR_QUALITIES = ("maj", "7", "9", "11", "13", "6", "maj7", "maj9", "maj13", "maj6", "")
_MINOR_QUALITIES = ("min", "min7", "min9", "min11", "min13", "min6", "minmaj7")


class Labelled(NamedTuple):
    """A chord of a sequence."""

    start_seconds: float
    end_seconds: float
    label: str
    """In Harte's syntax."""


def key_number(name: str) -> int:
    """Return the number 0..23 of a key such as `D# major`, in any spelling."""
    tonic, mode = name.split()
    return pitch_class(tonic) + (_MINOR if mode == "minor" else 0)


def key_score(guess: int, truth: int) -> float:
    """Return MIREX' score of a key: 1 if it is right, less if it is related, else 0.

    A fifth above in the same mode scores 0.5, the relative key 0.3, the parallel key 0.2.
    """
    if guess == truth:
        return 1.0
    apart = (guess - truth) % 12
    is_minor, true_is_minor = guess >= _MINOR, truth >= _MINOR
    if is_minor == true_is_minor:
        return _FIFTH_SCORE if apart == _FIFTH else 0.0
    if apart == 0:
        return _PARALLEL_SCORE
    relative = _MINOR_THIRD if true_is_minor else 12 - _MINOR_THIRD
    return _RELATIVE_SCORE if apart == relative else 0.0


def majmin_class(label: str) -> int:
    """Return 0..11 for chords with a major triad, 12..23 with a minor one, 24 for none, else -1."""
    if label == "N":
        return _NO_CHORD
    root, _, rest = label.partition(":")
    root = root.partition("/")[0]
    quality = rest.partition("/")[0].partition("(")[0]
    if root == "X" or (quality not in _MAJOR_QUALITIES and quality not in _MINOR_QUALITIES):
        return _NEITHER
    return pitch_class(root) + (_MINOR if quality in _MINOR_QUALITIES else 0)


def majmin_share(found: Sequence[Labelled], truth: Sequence[Labelled]) -> float | None:
    """Return the share of the time with a major, minor or no chord in which it is found.

    Time without a found chord counts as none. Returns None if the truth has no such time.
    """
    cuts = {edge for chord in truth for edge in chord[:2]}
    first, last = min(cuts), max(cuts)
    inside = {edge for chord in found for edge in chord[:2] if first < edge < last}
    edges = np.array(sorted(cuts | inside))
    middles, seconds = (edges[1:] + edges[:-1]) / 2.0, np.diff(edges)
    true = np.array([_class_at(truth, time, _NEITHER) for time in middles])
    heard = np.array([_class_at(found, time, _NO_CHORD) for time in middles])
    counted = true != _NEITHER
    total = float(seconds[counted].sum())
    return float(seconds[counted & (true == heard)].sum()) / total if total else None


def _class_at(chords: Sequence[Labelled], time: float, otherwise: int) -> int:
    for start, end, label in chords:
        if start <= time < end:
            return majmin_class(label)
    return otherwise


def mean_text(values: NDArray[np.bool_] | NDArray[np.float64]) -> str:
    """Return the mean of values (n,) with three decimals, or `unknown` without values."""
    return f"{np.mean(values):.3f}" if len(values) else "unknown"
