"""A note that was played, relative to the reference A4."""

import math
from typing import NamedTuple

from daemon.practice.notes.note_creation import Note
from daemon.practice.vibrato import Vibrato

STANDARD_A4_HZ = 440.0


class PlayedNote(NamedTuple):
    """A complete note; times are seconds from the start of the sound."""

    onset: float
    """Start in seconds."""
    offset: float
    """End in seconds."""
    midi: int
    """The nearest key; 69 is the reference A4."""
    cents: float
    """Deviation from the key's pitch, -50..50."""
    loudness: float
    """Its highest level within 0.6 s, in dBFS."""
    vibrato: Vibrato | None = None
    """Its vibrato; None if it has none or is too short."""


def played_note(
    note: Note,
    reference_hz: float,
    *,
    semitones: float | None = None,
    vibrato: Vibrato | None = None,
    origin_seconds: float = 0.0,
) -> PlayedNote:
    """Return a note relative to `reference_hz`.

    `semitones` is its exact pitch as a MIDI number at A4 = 440 Hz; None uses the note's own.
    `origin_seconds` is added to its times.
    """
    pitch = note.midi + note.cents / 100.0 if semitones is None else semitones
    pitch -= 12.0 * math.log2(reference_hz / STANDARD_A4_HZ)
    midi = round(pitch)
    return PlayedNote(
        origin_seconds + note.onset_seconds,
        origin_seconds + note.offset_seconds,
        midi,
        100.0 * (pitch - midi),
        note.loudness_dbfs,
        vibrato,
    )
