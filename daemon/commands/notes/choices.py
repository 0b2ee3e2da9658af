"""The choices of a replay that concern notes."""

from pathlib import Path
from typing import NamedTuple


class NoteChoices(NamedTuple):
    """What to do with the notes of recordings."""

    printed: bool = False
    """Print them."""
    midi: Path | None = None
    """Write them to this MIDI file."""
    a4_hz: float | None = None
    """The reference A4; None: as configured."""
