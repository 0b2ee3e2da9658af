"""Major and minor keys: their names, signatures and degrees."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from daemon.errors import InputError

Mode = Literal["major", "minor"]
MODES: Final[tuple[Mode, ...]] = ("major", "minor")

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_SHARP_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLAT_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
# A minor key has the signature of the major key three semitones above its tonic.
_RELATIVE = 3
_MOST_ACCIDENTALS = 7
_FIFTH = 7


@dataclass(frozen=True)
class Key:
    """A key."""

    tonic: int
    """Pitch class of the tonic, 0..11; 0 is C."""
    mode: Mode
    """Major or minor."""

    def __str__(self) -> str:
        return f"{self.spell(self.tonic)} {self.mode}"

    @property
    def fifths(self) -> int:
        """Sharps of the key signature, or flats as a negative number, -6..6."""
        fifths = self._scale_tonic * _FIFTH % 12
        # D-sharp minor and F-sharp major have six sharps, as E-flat minor has six flats.
        prefer_flats = 5 if self.mode == "major" else 6
        return fifths - 12 if fifths > 12 - prefer_flats - 1 else fifths

    @property
    def shift(self) -> int:
        """Semitones, -6..5, that move the key to C major or A minor."""
        return (-self._scale_tonic + 6) % 12 - 6

    @property
    def leading_note(self) -> int:
        """Pitch class a semitone below the tonic."""
        return (self.tonic - 1) % 12

    @property
    def _scale_tonic(self) -> int:
        return (self.tonic + _RELATIVE * (self.mode == "minor")) % 12

    def spell(self, pitch_class: int) -> str:
        """Return the name of a pitch class as the key writes it, such as `Eb` in E-flat major."""
        names = _FLAT_NAMES if self.fifths < 0 else _SHARP_NAMES
        return names[pitch_class % 12]


def key_of_signature(fifths: int, *, minor: bool) -> Key | None:
    """Return the key of a key signature; None if there is no such signature."""
    if abs(fifths) > _MOST_ACCIDENTALS:
        return None
    tonic = fifths * _FIFTH % 12
    return Key((tonic - _RELATIVE) % 12, "minor") if minor else Key(tonic, "major")


def parse_key(text: str) -> Key:
    """Return the key of a name such as `A minor`, `Eb major`, `F#m` or `C`.

    Raises InputError if the name is not one.
    """
    found = re.fullmatch(
        r"\s*([A-Ga-g])([#b♯♭]?)\s*[:\s-]?\s*(major|maj|minor|min|m)?\s*", text, re.IGNORECASE
    )
    if not found:
        raise InputError(f"unknown key: {text!r} (use a name such as 'A minor' or 'Eb major')")
    tonic = (_LETTERS[found[1].upper()] + _ACCIDENTALS[found[2].lower()]) % 12
    kind = found[3] or ""
    is_minor = kind == "m" or kind.lower() in {"minor", "min"}  # a single M means major
    return Key(tonic, "minor" if is_minor else "major")
