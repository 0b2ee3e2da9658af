"""The chord that is likely to come next, from a table of transitions between chords.

The counts after the last two chords are mixed with those after the last one, and these with the
frequency of each chord, the more so the rarer the context (I. Witten and T. Bell, "The
zero-frequency problem", 1991).
"""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmoniser.keys import MODES, Key
from daemon.practice.harmoniser.triads import TRIADS, triad_of_degree, triad_of_name

LONGEST_CONTEXT: Final = 2
"""Earlier chords that a prediction depends on."""


class ChordTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often each chord followed each context, in one mode."""

    counts: dict[str, dict[str, int]]
    """Counts by degree, by context: the degrees of up to two earlier chords joined by spaces."""

    def probabilities(self, earlier: Sequence[int]) -> NDArray[np.float64]:
        """Return the probability of each degree, (24,), after the degrees `earlier`."""
        likely = np.full(TRIADS, 1.0 / TRIADS)
        for length in range(min(LONGEST_CONTEXT, len(earlier)) + 1):
            context = earlier[len(earlier) - length :]
            seen = self.counts.get(" ".join(map(str, context)))
            if seen is None:
                break
            counts = np.zeros(TRIADS)
            for degree, count in seen.items():
                counts[int(degree)] = count
            likely = (counts + len(seen) * likely) / (counts.sum() + len(seen))
        return likely


def next_chord(tables: Sequence[ChordTable], chords: Sequence[str], key: Key) -> str | None:
    """Return the chord that is most likely to come after the last chords, in Harte's syntax.

    It differs from the last one. `tables` has one table for each of `MODES`; `chords` are the last
    chords, oldest first, without repetitions. Chords that are none, such as `N`, are skipped.
    Return None if there is no chord.
    """
    known = [triad for name in chords if (triad := triad_of_name(name)) is not None]
    if not known:
        return None
    degrees = [triad.degree(key.tonic) for triad in known]
    likely = tables[MODES.index(key.mode)].probabilities(degrees)
    likely[degrees[-1]] = 0.0
    return triad_of_degree(int(likely.argmax()), key.tonic).name(key)
