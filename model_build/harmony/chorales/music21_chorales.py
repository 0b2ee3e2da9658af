"""Chorales of music21's corpus, sampled in sixteenth steps."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from model_build.progress import with_progress

STEPS_PER_QUARTER = 4
_VOICES = 4
_SILENT = -1
_FEWEST_STEPS = 64


def music21_chorales() -> list[NDArray[np.int16]]:
    """Return the four-part scores of J. S. Bach in music21's corpus, each (steps, 4).

    The voices are soprano, alto, tenor and bass, the values MIDI pitches, -1 for a rest. Raises
    InputError if music21 is not installed.
    """
    return list(_four_part_scores(_corpus_files()))


def _corpus_files() -> list[Path]:
    try:
        from music21 import corpus
    except ImportError:
        raise InputError(
            "music21 is not installed; run script/setup build, or name its chorales' cache"
        ) from None
    return [Path(path) for path in corpus.getComposer("bach")]


def _four_part_scores(paths: list[Path]) -> Iterator[NDArray[np.int16]]:
    from music21 import converter
    from music21.exceptions21 import Music21Exception

    for path in with_progress(paths, "reading music21's chorales"):
        if path.suffix not in {".mxl", ".xml", ".musicxml"}:
            continue
        try:
            score = converter.parse(path)
        except Music21Exception:
            continue
        voices = [_sampled(part) for part in getattr(score, "parts", ())]
        if len(voices) == _VOICES and min(map(len, voices)) >= _FEWEST_STEPS:
            steps = min(map(len, voices))
            yield np.stack([voice[:steps] for voice in voices], axis=1)


def _sampled(part: Any) -> NDArray[np.int16]:
    """Return the pitch of a part in each sixteenth step; a chord counts as its highest note."""
    flat = part.flatten()
    pitches = np.full(round(float(flat.highestTime) * STEPS_PER_QUARTER), _SILENT, np.int16)
    for note in flat.notes:
        if not note.pitches or note.duration.isGrace:
            continue
        start = round(float(note.offset) * STEPS_PER_QUARTER)
        end = round(float(note.offset + note.quarterLength) * STEPS_PER_QUARTER)
        pitches[start:end] = max(pitch.midi for pitch in note.pitches)
    return pitches
