"""Key and chords relative to the reference A4, as notes are."""

import math

from daemon.practice.harmony.harmony import Chord, Harmony
from daemon.practice.spelling import NAMES_OF_KEYS, pitch_class, pitch_class_name

_SEMITONES = 12


def referred(harmony: Harmony | None, reference_hz: float) -> Harmony | None:
    """Return a harmony found at A4 = 440 Hz as `reference_hz` names it.

    What is C major at 440 Hz is Db major at 415 Hz, where a C is a semitone lower.
    """
    shift = -round(_SEMITONES * math.log2(reference_hz / 440.0))
    if harmony is None or not shift:
        return harmony
    key = None if harmony.key is None else _transposed_key(harmony.key, shift)
    return harmony._replace(
        key=key,
        guessed_key=_transposed_key(harmony.guessed_key, shift),
        chords=[_transposed_chord(chord, shift, key) for chord in harmony.chords],
    )


def _transposed_key(key: str, semitones: int) -> str:
    number = NAMES_OF_KEYS.index(key)
    mode = number - number % _SEMITONES
    return NAMES_OF_KEYS[mode + (number + semitones) % _SEMITONES]


def _transposed_chord(chord: Chord, semitones: int, key: str | None) -> Chord:
    root, separator, quality = chord.label.partition(":")
    if not separator:
        return chord
    name = pitch_class_name(pitch_class(root) + semitones, key)
    return chord._replace(label=f"{name}:{quality}")
