"""Find the key of a melody from its notes, with a key signature as a hint.

A naive Bayes classifier: the frequency of each degree in melodies of either mode, and of the degree
that they end with. Both tables are learned from the chorales.
"""

from typing import Annotated, Final

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from daemon.practice.harmoniser.keys import MODES, Key

# Notes of one melody depend on each other: they count as this many independent ones at most.
_MOST_NOTES: Final = 24.0
# How much more likely the key of a key signature is than each of the others; that of its relative
# key is half of it, because many programs write the wrong mode.
_HINT_LOG: Final = 3.0
_RELATIVE_LOG: Final = _HINT_LOG - float(np.log(2.0))

Degrees = Annotated[list[float], Meta(min_length=12, max_length=12)]


class KeyTables(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Log probabilities of degrees, in semitones above the tonic: one row for each of `MODES`."""

    degrees: Annotated[list[Degrees], Meta(min_length=2, max_length=2)]
    """Of a melody's sounding time."""
    last: Annotated[list[Degrees], Meta(min_length=2, max_length=2)]
    """Of a melody's last note."""


def key_scores(
    tables: KeyTables, steps: NDArray[np.int64], hint: Key | None = None
) -> dict[Key, float]:
    """Return the unnormalized log probability of each key.

    `steps` are the MIDI pitches of the melody in sixteenth steps, -1 for rests; at least one
    must sound.
    """
    pitches = steps[steps >= 0]
    counts = np.bincount(pitches % 12, minlength=12).astype(np.float64)
    weight = min(1.0, _MOST_NOTES * 2 / len(pitches))
    counts *= weight / 2
    last = int(pitches[-1]) % 12
    scores = {}
    for row, mode in enumerate(MODES):
        for tonic in range(12):
            key = Key(tonic, mode)
            score = float(np.roll(counts, -tonic) @ np.array(tables.degrees[row]))
            score += tables.last[row][(last - tonic) % 12]
            if hint is not None and key.shift == hint.shift:
                score += _HINT_LOG if key == hint else _RELATIVE_LOG
            scores[key] = score
    return scores


def melody_key(tables: KeyTables, steps: NDArray[np.int64], hint: Key | None = None) -> Key:
    """Return the most likely key of a melody; see `key_scores`."""
    scores = key_scores(tables, steps, hint)
    return max(scores, key=scores.__getitem__)
