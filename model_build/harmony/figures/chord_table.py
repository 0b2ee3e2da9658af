"""Count which chords follow each other in the chorales, and measure the predictions."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from daemon.practice.harmoniser.keys import MODES
from daemon.practice.harmoniser.next_chord import LONGEST_CONTEXT, ChordTable
from daemon.practice.harmoniser.triads import triad_of_pitches
from model_build.harmony.chorales.pieces import Piece


def chord_degrees(piece: Piece, *, repeated: bool) -> list[int]:
    """Return the chords of a piece as degrees in its key, one a beat.

    A chord that lasts several beats is returned once if `repeated` is False.
    """
    triads = [triad_of_pitches(chord) for chord in piece.full]
    degrees = [triad.degree(piece.key.tonic) for triad in triads if triad is not None]
    if repeated:
        return degrees
    return [d for d, before in zip(degrees, [-1, *degrees], strict=False) if d != before]


def learn_chord_tables(pieces: Iterable[Piece], *, repeated: bool) -> list[ChordTable]:
    """Return the table of each mode."""
    counts: list[defaultdict[str, Counter[str]]] = [defaultdict(Counter) for _ in MODES]
    for piece in pieces:
        table = counts[MODES.index(piece.key.mode)]
        degrees = chord_degrees(piece, repeated=repeated)
        for index, degree in enumerate(degrees):
            for length in range(min(LONGEST_CONTEXT, index) + 1):
                context = " ".join(map(str, degrees[index - length : index]))
                table[context][str(degree)] += 1
    return [ChordTable({c: dict(seen) for c, seen in table.items()}) for table in counts]


def prediction_figures(
    tables: Sequence[ChordTable], pieces: Iterable[Piece], *, repeated: bool
) -> dict[str, float]:
    """Return how often the most likely chord came, and how often simpler predictions were right.

    `repeat` predicts the last chord again, `commonest` always the mode's commonest chord.
    """
    hits: list[tuple[bool, bool, bool]] = []
    for piece in pieces:
        table = tables[MODES.index(piece.key.mode)]
        common = int(table.probabilities([]).argmax())
        degrees = chord_degrees(piece, repeated=repeated)
        for index in range(1, len(degrees)):
            likely = table.probabilities(degrees[:index])
            if not repeated:
                likely[degrees[index - 1]] = 0.0
            own, last = degrees[index], degrees[index - 1]
            hits.append((own == int(likely.argmax()), own == last, own == common))
    top_1, repeat, commonest = np.mean(hits, axis=0).tolist()
    return {"top_1": top_1, "repeat": repeat, "commonest": commonest}
