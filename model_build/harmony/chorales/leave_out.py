"""Leave out of training what overlaps with the chorales for measuring.

Editions differ in repeats, keys and ornaments, so that equal melodies would find only half of the
chorales that are in both sets. Everything here is computed from intervals, so that a transposed
copy is found, too.
"""

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import TypeAlias

import numpy as np

from model_build.harmony.chorales.chorale_sets import Chorale, beats

LONGEST_LEAK_BEATS = 6
"""A window of this many beats, all four voices alike, counts as copied."""

_MELODY_RATIO = 0.85
_VOICING_BEATS, _VOICING_SHARE = 3, 0.25
_MELODY_INTERVALS, _MELODY_SHARE = 6, 0.5

Intervals: TypeAlias = tuple[int, ...]
_Windows: TypeAlias = set[tuple[object, ...]]


def without_overlap(chorales: Sequence[Chorale], held: Sequence[Chorale]) -> list[Chorale]:
    """Return the chorales that do not overlap with any of `held`.

    A chorale overlaps with another if their melodies match to more than 0.85, if they share more
    than a quarter of the shorter one's windows of three beats, or if half of its melody's windows
    of six intervals are in the other.
    """
    others = [(_melody(h), _windows(_melody(h), 6), _voicings(h)) for h in held]
    return [c for c in chorales if not any(_overlaps(c, *other) for other in others)]


def without_copies(chorales: Iterable[Chorale], held: Sequence[Chorale]) -> list[Chorale]:
    """Return the chorales without any window of six beats that is in one of `held`."""
    copied = set().union(*(_long_windows(other) for other in held))
    return [chorale for chorale in chorales if copied.isdisjoint(_long_windows(chorale))]


def leaked_share(training: Iterable[Chorale], held: Sequence[Chorale]) -> float:
    """Return the share of the windows of six beats in `held` that are in `training`."""
    known = set().union(*(_long_windows(chorale) for chorale in training))
    windows = [
        window for other in held for window in _ngrams(_beat_voicings(other), LONGEST_LEAK_BEATS)
    ]
    return float(np.mean([window in known for window in windows]))


def _overlaps(chorale: Chorale, melody: Intervals, grams: _Windows, voicings: _Windows) -> bool:
    own_melody, own_voicings = _melody(chorale), _voicings(chorale)
    fewer = max(1, min(len(own_voicings), len(voicings)))
    if len(own_voicings & voicings) / fewer > _VOICING_SHARE:
        return True
    own_grams = _windows(own_melody, _MELODY_INTERVALS)
    if own_grams and len(own_grams & grams) / len(own_grams) >= _MELODY_SHARE:
        return True
    match = SequenceMatcher(None, own_melody, melody, autojunk=False)
    return match.quick_ratio() > _MELODY_RATIO and match.ratio() > _MELODY_RATIO


def _melody(chorale: Chorale) -> Intervals:
    """Return the intervals of the soprano from beat to beat, without its rests."""
    soprano = beats(chorale)[:, 0]
    return tuple(np.diff(soprano[soprano >= 0]).tolist())


def _beat_voicings(chorale: Chorale) -> list[tuple[int, ...]]:
    """Return for each full beat the voices' distances from the soprano, and its own step."""
    full = beats(chorale)
    full = full[(full >= 0).all(axis=1)]
    distances = full[1:, :1] - full[1:, 1:]
    return [tuple(row) for row in np.hstack([distances, np.diff(full[:, :1], axis=0)]).tolist()]


def _ngrams(items: Sequence[object], length: int) -> list[tuple[object, ...]]:
    return [tuple(items[i : i + length]) for i in range(len(items) - length + 1)]


def _windows(items: Sequence[object], length: int) -> _Windows:
    return set(_ngrams(items, length))


def _voicings(chorale: Chorale) -> _Windows:
    return _windows(_beat_voicings(chorale), _VOICING_BEATS)


def _long_windows(chorale: Chorale) -> _Windows:
    return _windows(_beat_voicings(chorale), LONGEST_LEAK_BEATS)
