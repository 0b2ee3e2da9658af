"""The chord that is likely to follow the last ones, by a table learned from chorales."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from daemon.practice.harmoniser.keys import parse_key
from daemon.practice.harmoniser.model_file import read_harmony_model
from daemon.practice.harmoniser.next_chord import ChordTable, next_chord

if TYPE_CHECKING:
    from daemon.practice.harmony.harmony import Harmony

LAST_CHORDS = 8
"""Chords that are looked at; the table itself uses the last two that are triads."""


def likely_chord(harmony: "Harmony") -> str | None:
    """Return the chord that is likely to come next, in Harte's syntax; None without key or chord.

    Raises InputError if the harmoniser's model is damaged.
    """
    if harmony.key is None:
        return None
    chords = [chord.label for chord in harmony.chords][-LAST_CHORDS:]
    return next_chord(_tables(), chords, parse_key(harmony.key))


@cache
def _tables() -> Sequence[ChordTable]:
    _, contract = read_harmony_model()
    return contract.chord_tables
