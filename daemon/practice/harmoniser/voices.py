"""Pitches as the symbols that the network and its baseline use: 72 pitches and the rest."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
"""Symbols or MIDI pitches."""

LOWEST_MIDI: Final = 24
PITCHES: Final = 72
REST: Final = PITCHES
"""The symbol of a voice that does not sound."""
SYMBOLS: Final = PITCHES + 1
OUTSIDE: Final = SYMBOLS
"""Stands for beats before the beginning and after the end; its one-hot vector is zero."""
SILENT_MIDI: Final = -1
"""The pitch of a rest."""
STEPS_PER_BEAT: Final = 4
VOICES: Final = ("bass", "tenor", "alto")
"""The lower voices, in the order in which they are chosen on each beat."""
SOPRANO_RANGE: Final = (60, 81)
VOICE_RANGES: Final = ((36, 64), (48, 69), (53, 74))
"""Lowest and highest MIDI pitch of each lower voice, in Bach's chorales."""

PITCH_CLASS: Final = np.append((np.arange(PITCHES) + LOWEST_MIDI) % 12, 12)
"""The pitch class of each symbol, (SYMBOLS,); 12 for the rest."""


def symbols_of(pitches: Ints, shift: int = 0) -> Ints:
    """Return the symbols of MIDI pitches moved by `shift` semitones; -1 is a rest.

    Pitches outside the 72 are moved into them by octaves.
    """
    moved = pitches + shift - LOWEST_MIDI
    low, high = moved < 0, moved >= PITCHES
    moved = np.where(low, moved % 12, np.where(high, PITCHES - 12 + moved % 12, moved))
    return np.where(pitches < 0, REST, moved).astype(np.int64)


def pitches_of(symbols: Ints, shift: int = 0) -> Ints:
    """Return the MIDI pitches of symbols that were moved by `shift` semitones; -1 is a rest."""
    return np.where(symbols >= REST, SILENT_MIDI, symbols + LOWEST_MIDI - shift).astype(np.int64)
