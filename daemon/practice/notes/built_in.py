"""The note model that is used: the configured one, or the one in this package."""

from pathlib import Path

from daemon.practice.notes.note_network import NoteNetwork, load_note_network

BUILT_IN_NOTE_MODEL = Path(__file__).with_name("models") / "notes.tflite"
NO_NOTE_MODEL = "there is no note model, so that notes are unknown; set model.notes_file"
"""What to tell users if there is neither."""


def note_model_path(configured: str | None) -> Path | None:
    """Return the model file to use, or None if none is configured or built in."""
    if configured is not None:
        return Path(configured)
    return BUILT_IN_NOTE_MODEL if BUILT_IN_NOTE_MODEL.exists() else None


def configured_network(configured: str | None) -> NoteNetwork | None:
    """Load the configured note model, else the built-in one; return None if there is neither.

    Raises InputError if the file cannot be used.
    """
    path = note_model_path(configured)
    return None if path is None else load_note_network(path)
