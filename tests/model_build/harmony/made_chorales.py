"""Chorales made of random chords, for tests that need no music."""

import numpy as np

from daemon.practice.harmoniser.melody_key import KeyTables
from model_build.harmony.chorales.chorale_sets import Chorale
from model_build.harmony.chorales.key_labels import learn_key_tables
from model_build.harmony.chorales.pieces import Piece, piece_of

_CHORDS = np.array(
    [
        *([72, 67, 64, 48], [67, 64, 60, 48], [76, 67, 60, 48], [71, 67, 62, 43]),
        *([74, 67, 59, 43], [69, 65, 60, 53], [77, 69, 60, 41], [72, 64, 57, 45]),
    ]
)


def made_chorale(seed: int, beats: int = 24, move: int = 0) -> Chorale:
    """Return a chorale of random chords of C major, moved by semitones; the last one is C."""
    rng = np.random.default_rng(seed)
    chosen = np.append(rng.integers(len(_CHORDS), size=beats - 1), 0)
    return np.repeat(_CHORDS[chosen] + move, 4, axis=0)


def made_pieces(count: int, first_seed: int = 0) -> tuple[list[Piece], KeyTables]:
    """Return pieces in several keys, and the tables for keys learned from them."""
    chorales = [made_chorale(first_seed + i, move=i % 5 - 2) for i in range(count)]
    tables = learn_key_tables(chorales)
    return [piece_of(chorale, tables) for chorale in chorales], tables
