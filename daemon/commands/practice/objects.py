"""The analysis of a recording as a JSON object; null is unknown."""

import math
from collections.abc import Sequence
from typing import Any

from daemon.practice.analysis.note_object import note_object
from daemon.practice.analysis.played_note import PlayedNote
from daemon.practice.analysis.recording import Recording
from daemon.practice.spelling import note_name


def practice_object(file: str, recording: Recording, *, curves: bool) -> dict[str, Any]:
    """Return everything that is known about a recording; with `curves` also its pitch curve."""
    rhythm = recording.rhythm
    beats = None if rhythm is None else rhythm.beats
    found: dict[str, Any] = {
        "file": file,
        "seconds": round(recording.seconds, 3),
        "a4_hz": rounded(recording.a4_hz, 2),
        "in_tune": rounded(recording.in_tune, 3),
        "median_cents": rounded(recording.median_cents, 1),
        "tempo_bpm": None if rhythm is None else rounded(rhythm.tempo_bpm, 2),
        "tempo_stability": None if rhythm is None else rounded(rhythm.tempo_stability, 4),
        "beats": None if beats is None else [round(beat, 3) for beat in beats.tolist()],
        "key": recording.key,
        "key_confidence": _key_confidence(recording),
        "chords": _chords(recording),
        "dynamics": [
            [round(swell.start_seconds, 2), round(swell.end_seconds, 2), swell.label]
            for swell in recording.swells
        ],
        "dynamic_range_db": rounded(recording.dynamic_range_db, 1),
        "range": range_of(recording),
        "genre": recording.genre,
        "legato": rounded(recording.legato, 3),
        "tuning_drift_cents": rounded(recording.tuning_drift_cents, 1),
        "notes": None if recording.notes is None else note_objects(recording.notes),
    }
    if curves:
        found["pitch"] = _pitch(recording)
    return found


def note_objects(notes: Sequence[PlayedNote]) -> list[dict[str, Any]]:
    """Return the notes, each with its vibrato."""
    return [
        {
            **note_object(note),
            "vibrato_hz": None if note.vibrato is None else round(note.vibrato.hz, 2),
            "vibrato_cents": None if note.vibrato is None else round(note.vibrato.cents, 1),
        }
        for note in notes
    ]


def range_of(recording: Recording) -> list[str] | None:
    """Return the names of the lowest and the highest note; None without notes."""
    midis = [note.midi for note in recording.notes or []]
    return [note_name(midi, recording.key) for midi in (min(midis), max(midis))] if midis else None


def rounded(value: float | None, digits: int) -> float | None:
    """Return a rounded figure; None is unknown."""
    return None if value is None else round(value, digits) + 0.0


def _key_confidence(recording: Recording) -> float | None:
    """Return the confidence of the key; None without one."""
    harmony = recording.harmony
    return None if harmony is None or harmony.key is None else round(harmony.key_confidence, 3)


def _chords(recording: Recording) -> list[list[Any]] | None:
    """Return the chords; None for silence."""
    if recording.harmony is None:
        return None
    chords = recording.harmony.chords
    return [[round(c.start_seconds, 2), round(c.end_seconds, 2), c.label] for c in chords]


def _pitch(recording: Recording) -> list[list[float | None]]:
    seconds, hz = recording.pitch.every_10_ms()
    pairs = zip(seconds.tolist(), hz.tolist(), strict=True)
    return [[round(at, 2), None if math.isnan(value) else round(value, 2)] for at, value in pairs]
