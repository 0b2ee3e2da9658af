"""Spell the names of notes, chords and keys: Eb in E-flat major, D# in E major."""

_LETTERS = "FCGDAEB"  # a line of fifths; sharps of all seven follow, flats precede
_C_ON_LINE = 1
_WHITE = frozenset({0, 2, 4, 5, 7, 9, 11})
_SHARP_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_MAJOR_TONICS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")

# Where the twelve notes of a key lie on the line of fifths, from the tonic: the lowest of them, and
# the lowest and highest of its scale. Major has the raised degrees 1, 4, 5 and the lowered
# 3, 7; minor has the lowered 2 and the raised 3, 4, 6, 7.
_MAJOR_SPAN = (-3, -1, 5)
_MINOR_SPAN = (-5, -4, 2)

NAMES_OF_KEYS = (
    *(f"{tonic} major" for tonic in _MAJOR_TONICS),
    *(f"{tonic} minor" for tonic in _MINOR_TONICS),
)
"""The 24 keys: major on C, C-sharp, ..., B, then minor; each with the fewest sharps or flats."""


def pitch_class_name(pitch_class: int, key: str | None = None) -> str:
    """Return the name of a pitch class (0 is C) as a key such as `Eb major` spells it.

    Notes of the scale have its spelling; others are plain letters if possible. Without a key, black
    keys are sharps. Raises ValueError for anything but a key of NAMES_OF_KEYS.
    """
    pitch_class %= 12
    if key is None:
        return _SHARP_NAMES[pitch_class]
    if key not in NAMES_OF_KEYS:
        raise ValueError(f"no such key: {key!r}")
    tonic, mode = key.split()
    lowest, first_of_scale, last_of_scale = _MAJOR_SPAN if mode == "major" else _MINOR_SPAN
    # A fifth is 7 semitones, so that 7 times a pitch class is its place on the line, modulo 12.
    above_lowest = (7 * pitch_class - _place_on_line(tonic) - lowest) % 12
    from_tonic = lowest + above_lowest
    if pitch_class in _WHITE and not first_of_scale <= from_tonic <= last_of_scale:
        return _SHARP_NAMES[pitch_class]
    return _name_on_line(_place_on_line(tonic) + from_tonic)


def note_name(midi: int, key: str | None = None) -> str:
    """Return a note in scientific pitch, such as `Eb5`, as a key spells it; 60 is `C4`.

    `midi` is relative to the reference A4, as in a note. Raises ValueError for an unknown key.
    """
    name = pitch_class_name(midi, key)
    accidentals = name.count("#") - name.count("b")
    # Cb4 sounds as B3, and B#3 as C4: the octave is that of the letter.
    return f"{name}{(midi - accidentals) // 12 - 1}"


def chord_name(label: str, key: str | None = None) -> str:
    """Return a chord such as `D#:min` or `N` in Harte's syntax as a key spells it.

    Raises ValueError for an unknown key or root.
    """
    root, separator, quality = label.partition(":")
    if not separator:
        return label
    return f"{pitch_class_name(pitch_class(root), key)}:{quality}"


def pitch_class(name: str) -> int:
    """Return the pitch class 0..11 of a name such as `Eb`; raises ValueError for others."""
    if not name or name[0] not in _LETTERS or set(name[1:]) - {"#", "b"}:
        raise ValueError(f"no such note: {name!r}")
    return 7 * _place_on_line(name) % 12


def _place_on_line(name: str) -> int:
    """Return the place of a note on the line of fifths; C is 0, G is 1, F is -1."""
    return _LETTERS.index(name[0]) - _C_ON_LINE + 7 * (name.count("#") - name.count("b"))


def _name_on_line(place: int) -> str:
    sharps, letter = divmod(place + _C_ON_LINE, 7)
    return _LETTERS[letter] + ("#" * sharps if sharps > 0 else "b" * -sharps)
