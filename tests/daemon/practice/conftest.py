"""A note model that needs no training."""

from pathlib import Path

import pytest

from tests.daemon.practice.note_model_by_hand import NOTE_MODEL


@pytest.fixture(scope="session")
def note_model() -> Path:
    """The file of a model that hears harmonic tones."""
    return NOTE_MODEL
