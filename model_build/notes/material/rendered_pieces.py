"""Render pieces with FluidSynth, a few minutes a file, and read them back."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.system.files.whole_file import whole_file
from model_build.corpus.clip_sound import FULL_SCALE
from model_build.notes.material.performance import SETUP_SECONDS, perform
from model_build.notes.material.pieces import draw_piece
from model_build.notes.material.score import SOUND_OFF, Event, control, score_file
from model_build.notes.survey import ProgramFigures
from model_build.notes.targets import LabelledNote, Vibrato
from model_build.rendering.general_midi import PROGRAMS, Program
from model_build.rendering.soundfont import render_score

_PIECE_SECONDS = (7.0, 13.0)
_PAUSE_SECONDS = 1.3
_LEAST_PAUSE_SECONDS = 0.4
_CHANNELS = 7
_PEAK = 0.95
_NOTE_FIELDS = 6

Samples = NDArray[np.float32]


class Rendered(NamedTuple):
    """A file of rendered pieces."""

    samples: NDArray[np.int16]
    """The sound of all pieces with pauses between them, (n,) at 16 kHz."""
    notes: list[LabelledNote]
    """The notes by their onset, from the beginning of the file."""
    pieces: NDArray[np.float64]
    """Start and end of each piece in seconds, (pieces, 2)."""


class PieceTask(NamedTuple):
    """One file that is to be rendered."""

    path: Path
    """Where it is written."""
    soundfont: Path
    """The soundfont that plays."""
    figures: Sequence[ProgramFigures]
    """The usable programs of the soundfont."""
    seed: tuple[int, ...]
    """Seed of its random numbers."""
    seconds: float
    """Its length; the last piece may end later."""


def players_of(figures: Sequence[ProgramFigures]) -> dict[str, list[Program]]:
    """Return the programs of each family that have usable figures."""
    usable = {program.program for program in figures}
    players: dict[str, list[Program]] = {}
    for program in PROGRAMS:
        if not program.is_kit and program.number in usable:
            players.setdefault(program.family, []).append(program)
    return players


def render_pieces(task: PieceTask) -> Path:
    """Render one file, unless it exists already; return its path."""
    if task.path.exists():
        return task.path
    rng = np.random.default_rng(task.seed)
    players = players_of(task.figures)
    figures = {program.program: program for program in task.figures}
    events: list[Event] = []
    notes: list[LabelledNote] = []
    pieces: list[tuple[float, float]] = []
    now = SETUP_SECONDS + 0.05
    while now < task.seconds:
        seconds = rng.uniform(*_PIECE_SECONDS)
        performed = perform(
            rng,
            draw_piece(rng, players, seconds),
            figures,
            start_seconds=now,
            seconds=seconds,
        )
        events += performed.events
        notes += performed.notes
        end = max(performed.end_seconds, now + seconds)
        pieces.append((now - 0.1, end + 0.3))
        now = end + _PAUSE_SECONDS
        off = now - _LEAST_PAUSE_SECONDS
        events += [control(off, channel, SOUND_OFF, 0) for channel in range(_CHANNELS)]
    sound = render_score(score_file(events), now - _PAUSE_SECONDS, task.soundfont)
    sound *= np.float32(_PEAK / max(float(np.abs(sound).max()), 1e-3))
    _write(task.path, sound, notes, pieces)
    return task.path


def read_pieces(path: Path) -> Rendered:
    """Read a file that `render_pieces` wrote."""
    with np.load(path) as file:
        rows = file["notes"]
        return Rendered(file["samples"], [note_of(row) for row in rows], file["pieces"])


def row_of(note: LabelledNote) -> list[float]:
    """Return a note as a row of numbers."""
    vibrato = note.vibrato or Vibrato(0.0, 0.0, 0.0)
    return [note.onset_seconds, note.offset_seconds, note.midi, *vibrato]


def note_of(row: Sequence[float] | NDArray[np.float64]) -> LabelledNote:
    """Return the note of a row that `row_of` made."""
    onset, offset, midi, *vibrato = (float(value) for value in row)
    return LabelledNote(onset, offset, midi, Vibrato(*vibrato) if vibrato[2] > 0 else None)


def read_survey(path: Path) -> list[ProgramFigures]:
    """Read the figures of a soundfont's usable programs."""
    return msgspec.json.decode(path.read_bytes(), type=list[ProgramFigures])


def _write(
    path: Path, sound: Samples, notes: list[LabelledNote], pieces: list[tuple[float, float]]
) -> None:
    rows = np.array([row_of(note) for note in sorted(notes, key=_onset)]).reshape(-1, _NOTE_FIELDS)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as fresh, fresh.open("wb") as file:
        np.savez(
            file,
            samples=np.rint(sound * FULL_SCALE).astype(np.int16),
            notes=rows,
            pieces=np.array(pieces),
        )


def _onset(note: LabelledNote) -> float:
    return note.onset_seconds
