"""The joint table of all practice analysers, beside other programs, on the same sound."""

from pathlib import Path
from typing import NamedTuple

from daemon.practice.genre.built_in import configured_genre_network
from model_build.chords.evaluate import harmony_rows
from model_build.evaluation.genres import genre_rows
from model_build.notes.evaluation.table import note_rows
from model_build.pitch.evaluate import pitch_rows
from model_build.pitch.peers import compile_peers
from model_build.practice.joined_negatives import joined_negatives, negative_files
from model_build.practice.practice_set import read_practice
from model_build.practice.row import Row
from model_build.rhythm.evaluate import rhythm_rows


class Folders(NamedTuple):
    """Where the sound is."""

    practice: Path | None
    """The annotated recordings."""
    corpus: Path | None
    """The corpus, for household noise, negatives and single notes."""
    peers: Path | None
    """The models of other programs; None: they are left out."""


def practice_rows(
    folders: Folders, note_model: Path | None, *, rooms: bool, workers: int | None = None
) -> list[Row]:
    """Return the rows of notes, pitch, A4, tempo, beats, dynamics, key, chords and genre.

    With `rooms`, each recording is heard across a room with household noise; without, the rows
    include negatives of the corpus and the genre. Notes are left out without a note model. Raises
    InputError if a folder or a file in it cannot be read.
    """
    recordings = read_practice(folders.practice)
    noises = negative_files(folders.corpus, "noise") if rooms else []
    negatives = [] if rooms else joined_negatives(folders.corpus)
    compile_peers()
    rows: list[Row] = []
    if note_model is not None:
        rows += note_rows(note_model, recordings, noises, peers=folders.peers)
    rows += pitch_rows(recordings, noises, negatives, workers)
    rows += rhythm_rows(recordings, noises, negatives)
    rows += harmony_rows(recordings, noises, negatives)
    if folders.practice is not None and not rooms:
        yamnet = folders.peers / "yamnet.tflite" if folders.peers else None
        peer = yamnet if yamnet and yamnet.exists() else None
        rows += genre_rows(folders.practice, configured_genre_network(None), peer)
    return rows
