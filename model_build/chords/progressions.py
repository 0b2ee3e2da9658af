"""Chord progressions of a key, by what harmony textbooks and songbooks call common."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from daemon.practice.harmony.chord_network import CHORDS

UNNAMED = -1
"""The class of a chord that is neither major nor minor."""

_WALK_PROBABILITY = 0.5
_SEVENTH_PROBABILITY, _SEVENTHS_PROBABILITY = 0.12, 0.25
_BLUES_PROBABILITY = 0.12
_MAJOR_SEVENTH, _MINOR_SEVENTH, _ADDED_NINTH = 11, 10, 14

# Degrees are semitones above the tonic; m is minor, d diminished.
_LOOPS = {
    "major": (
        *("0 7 9m 5", "0 5 7 0", "0 9m 5 7", "9m 5 0 7", "0 5 0 7", "2m 7 0 0", "0 4m 5 7"),
        *("0 10 5 0", "5 7 4m 9m", "0 5 9m 7", "0 2m 5 7", "0 0 5 7", "0 9m 2m 7", "5 0 7 0"),
    ),
    "minor": (
        *("0m 10 8 10", "0m 8 3 10", "0m 5m 7 0m", "0m 5m 10 3", "0m 0m 5m 5m", "0m 8 5m 7"),
        *("0m 3 10 5m", "0m 7m 8 10", "0m 10 8 7", "0m 5m 0m 7", "8 10 0m 0m", "0m 10 0m 10"),
    ),
}
_BLUES = {
    "major": "0 0 0 0 5 5 0 0 7 5 0 7",
    "minor": "0m 0m 0m 0m 5m 5m 0m 0m 8 7 0m 7",
}
_NEXT = {
    "major": {
        "0": "5 5 7 7 7 9m 9m 2m 4m 0 2 9",
        "2m": "7 7 7 5 11d",
        "4m": "9m 9m 5",
        "5": "7 7 0 0 2m 11d",
        "7": "0 0 0 0 9m 5",
        "9m": "2m 2m 5 7 4 4m",
        "2": "7",
        "4": "9m",
        "9": "2m",
        "11d": "0",
    },
    "minor": {
        "0m": "5m 5m 7 7 8 10 3 2d",
        "5m": "7 7 0m 10 2d",
        "7": "0m 0m 0m 8",
        "8": "5m 3 10 7 2d",
        "10": "3 3 0m 8",
        "3": "8 5m 10 7",
        "2d": "7 7 0m",
    },
}
_TRIADS = {"": (0, 4, 7), "m": (0, 3, 7), "d": (0, 3, 6)}


class Harmony(NamedTuple):
    """A chord of a progression."""

    root: int
    """Pitch class of the root."""
    steps: tuple[int, ...]
    """Semitones of its notes above the root: the triad first, then added notes."""
    chord: int
    """The class of its triad, or UNNAMED."""


def triad(root: int, third: int) -> Harmony:
    """Return a major (third of 4 semitones) or minor (3) triad on a pitch class."""
    return Harmony(root % 12, (0, third, 7), root % 12 + (0 if third == 4 else CHORDS // 2))  # noqa: PLR2004 (a major third)


def random_progression(
    rng: np.random.Generator, tonic: int, mode: str, *, walks: bool = False
) -> Iterator[Harmony]:
    """Yield the chords of an endless progression in a key; `walks` never repeats a loop."""
    degrees = _walk(rng, mode) if walks or rng.random() < _WALK_PROBABILITY else _loop(rng, mode)
    sevenths = rng.random() < _SEVENTHS_PROBABILITY
    chance = _SEVENTH_PROBABILITY + (0.6 if sevenths else 0.0)
    for degree in degrees:
        quality = degree[-1] if degree[-1] in _TRIADS else ""
        step = int(degree.rstrip("md"))
        steps: tuple[int, ...] = _TRIADS[quality]
        if rng.random() < chance:
            steps = (*steps, _added(rng, step, quality))
        root = (tonic + step) % 12
        named = {"": root, "m": root + CHORDS // 2}.get(quality, UNNAMED)
        yield Harmony(root, steps, named)


def _loop(rng: np.random.Generator, mode: str) -> Iterator[str]:
    is_blues = rng.random() < _BLUES_PROBABILITY
    degrees = (_BLUES[mode] if is_blues else str(rng.choice(_LOOPS[mode]))).split()
    first = int(rng.integers(len(degrees)))
    while True:
        yield from degrees[first:]
        first = 0


def _walk(rng: np.random.Generator, mode: str) -> Iterator[str]:
    degree = str(rng.choice(list(_NEXT[mode])[:4]))
    while True:
        yield degree
        degree = str(rng.choice(_NEXT[mode][degree].split()))


def _added(rng: np.random.Generator, step: int, quality: str) -> int:
    if rng.random() < 0.15:  # noqa: PLR2004 (few ninths)
        return _ADDED_NINTH
    is_dominant = quality != "" or step == 7 or rng.random() < 0.4  # noqa: PLR2004 (the fifth degree)
    return _MINOR_SEVENTH if is_dominant else _MAJOR_SEVENTH
