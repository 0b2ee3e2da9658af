"""The chorales of a run: read, without those that overlap with the ones for measuring."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from daemon.practice.harmoniser.melody_key import KeyTables
from model_build.harmony.chorales.chorale_sets import Chorale, read_chorales
from model_build.harmony.chorales.key_labels import learn_key_tables
from model_build.harmony.chorales.leave_out import leaked_share, without_copies, without_overlap
from model_build.harmony.chorales.music21_chorales import music21_chorales
from model_build.harmony.chorales.pieces import Piece, piece_of
from model_build.harmony.run_files import HarmonyFolder, chorales_of, kept_arrays


@dataclass(frozen=True)
class Material:
    """The pieces of a run."""

    key_tables: KeyTables
    """For the key of a melody; counted in the pieces for training."""
    real: list[Piece]
    """Chorales of J. S. Bach for training."""
    fakes: list[Piece]
    """Chorales that a program composed, for training."""
    valid: list[Piece]
    """Chorales of J. S. Bach for choosing between variants."""
    test: list[Piece]
    """Chorales of J. S. Bach for the figures."""
    left_out: dict[str, int]
    """Chorales that were left out, by source."""
    leaked: float
    """Share of the six-beat windows of `test` that are in the pieces for training."""


def read_material(data: Path, folder: HarmonyFolder) -> Material:
    """Read the chorales, and leave out those that overlap with `valid` or `test`.

    Raises InputError if a file is missing, or music21 is not installed.
    """
    sets = read_chorales(data)
    every = chorales_of(kept_arrays(folder.music21, music21_chorales))
    held = sets.valid + sets.test
    real, fakes = without_overlap(every, held), without_copies(sets.fakes, held)
    tables = learn_key_tables(real + fakes)
    return Material(
        key_tables=tables,
        real=_pieces(real, tables),
        fakes=_pieces(fakes, tables),
        valid=_pieces(sets.valid, tables),
        test=_pieces(sets.test, tables),
        left_out={
            "music21": len(every) - len(real),
            "JS Fake Chorales": len(sets.fakes) - len(fakes),
        },
        leaked=leaked_share(real + fakes, sets.test),
    )


def _pieces(chorales: Sequence[Chorale], tables: KeyTables) -> list[Piece]:
    return [piece_of(chorale, tables) for chorale in chorales]
