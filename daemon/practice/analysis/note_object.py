"""A note as a JSON object."""

from typing import Any

from daemon.practice.analysis.played_note import PlayedNote


def note_object(note: PlayedNote) -> dict[str, Any]:
    """Return onset, offset, pitch and loudness of a note."""
    return {
        "onset": round(note.onset, 3),
        "offset": round(note.offset, 3),
        "midi": note.midi,
        "cents": round(note.cents, 1) + 0.0,
        "loudness": round(note.loudness, 1),
    }
