"""Major and minor triads: which one sounds, and their names in Harte's syntax."""

import re
from typing import Final, NamedTuple

import numpy as np

from daemon.practice.harmoniser.keys import Key
from daemon.practice.harmoniser.voices import Ints

TRIADS: Final = 24
"""Number of triads: two on each of the twelve roots."""

_MAJOR, _MINOR = (0, 4, 7), (0, 3, 7)
_ROOT_WEIGHT, _BASS_WEIGHT = 0.5, 0.3
_PITCH_CLASSES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_MINOR_KINDS = ("min", "dim", "hdim")


class Triad(NamedTuple):
    """A major or minor triad."""

    root: int
    """Pitch class of the root, 0..11; 0 is C."""
    minor: bool
    """True for a minor triad."""

    @property
    def classes(self) -> tuple[int, ...]:
        """The pitch classes of root, third and fifth."""
        return tuple((self.root + step) % 12 for step in (_MINOR if self.minor else _MAJOR))

    def degree(self, tonic: int) -> int:
        """Return the triad's number in a key with this tonic, 0..23; see `triad_of_degree`."""
        return (self.root - tonic) % 12 * 2 + self.minor

    def name(self, key: Key) -> str:
        """Return the name in Harte's syntax, spelt as the key writes it, such as `Eb:maj`."""
        return f"{key.spell(self.root)}:{'min' if self.minor else 'maj'}"


ALL_TRIADS: Final = tuple(Triad(root, minor) for root in range(12) for minor in (False, True))
_CONTAINS = np.array([[c in triad.classes for c in range(12)] for triad in ALL_TRIADS])
_ROOTS = np.array([triad.root for triad in ALL_TRIADS])


def triad_of_degree(degree: int, tonic: int) -> Triad:
    """Return the triad with the number `degree`, 0..23, in a key with this tonic."""
    return Triad((degree // 2 + tonic) % 12, bool(degree % 2))


def triad_of_pitches(pitches: Ints) -> Triad | None:
    """Return the triad that fits the sounding pitches (voices,) best; None if none sounds.

    -1 is a rest. A chord with other notes gets the triad with which it shares most notes; of
    several, the one whose root sounds, best in the lowest voice.
    """
    sounding = pitches[pitches >= 0]
    if not len(sounding):
        return None
    score = _CONTAINS[:, sounding % 12].sum(axis=1).astype(np.float64)
    score += _ROOT_WEIGHT * np.isin(_ROOTS, sounding % 12)
    score += _BASS_WEIGHT * (sounding.min() % 12 == _ROOTS)
    return ALL_TRIADS[int(score.argmax())]


def triad_of_name(name: str) -> Triad | None:
    """Return the triad of a chord in Harte's syntax, without its other notes; None if unknown.

    `N`, chords without a third, and diminished chords without a root that could be a triad's are
    reduced to the triad with the same root and third.
    """
    found = re.match(r"([A-G])([#b]*)(?::(\w*))?", name)
    if not found:
        return None
    root = _PITCH_CLASSES[found[1]] + found[2].count("#") - found[2].count("b")
    return Triad(root % 12, (found[3] or "").startswith(_MINOR_KINDS))
