"""The table of the note model's figures, with other programs measured on the same sound."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.notes.note_network import NoteNetwork, load_note_network
from daemon.practice.notes.transcriber import transcribe
from daemon.sound.sound_file import read_sound
from model_build.corpus.clips import read_corpus
from model_build.notes.evaluation.basic_pitch import BasicPitch
from model_build.notes.evaluation.note_figures import Interval, PlayedNote, interval, note_score
from model_build.notes.evaluation.practice_notes import recordings_with_notes, sounds_of
from model_build.notes.evaluation.single_notes import (
    held_notes,
    note_model_pitch,
    sounds_of_notes,
    yin_pitch,
)
from model_build.notes.evaluation.swift_f0 import swift_f0_pitch
from model_build.notes.material.corpus_sounds import noise_clips
from model_build.notes.material.sampled_notes import pitches
from model_build.progress import with_progress
from model_build.rendering.general_midi import FAMILIES

_OCTAVE, _NEAR_SEMITONES = 12.0, 0.5
_NOISE_LABEL = "noise"

Samples = NDArray[np.float32]
Transcribe = Callable[[Samples], Sequence[PlayedNote]]


class Row(NamedTuple):
    """A row of the table."""

    task: str
    """What was measured, and how."""
    program: str
    """Whose figure it is."""
    figure: Interval | None
    """Mean, interval and number; None if the program could not be run."""


def note_table(
    model: Path, *, practice: Path | None, corpus: Path | None, peers: Path | None
) -> list[Row]:
    """Return the rows of notes and single notes.

    Raises InputError if the model, the recordings or the corpus cannot be read.
    """
    network = load_note_network(model)
    read = read_corpus(corpus, (*FAMILIES, "drums"))
    noises = [
        read_sound(str(read.folder / clip.path))
        for clip in noise_clips(read, "dev")
        if clip.label == _NOISE_LABEL
    ]
    rows = _practice_rows(_transcribers(network, peers), practice, noises)
    notes = held_notes(read, pitches(corpus))
    programs = {"timbrel": note_model_pitch(network), "YIN": yin_pitch}
    swift = swift_f0_pitch(peers / "swift_f0.onnx") if peers else None
    if swift:
        programs["SwiftF0"] = swift
    for surroundings, heard in (("clean", []), ("room, 10 dB", noises)):
        off: dict[str, list[float]] = {program: [] for program in programs}
        sounds = sounds_of_notes(notes, heard)
        for note, samples in with_progress(sounds, f"single notes {surroundings}", len(notes)):
            for program, pitch in programs.items():
                found = pitch(samples)
                off[program].append(np.inf if found is None else found - note.midi)
        groups = [note.group for note in notes]
        for program, semitones in off.items():
            rows += _single_rows(f"single notes, {surroundings}", program, semitones, groups)
        if not swift:
            rows.append(Row(f"single notes, {surroundings}", "SwiftF0", None))
    return rows


def table_text(rows: Sequence[Row]) -> str:
    """Return the rows as text, one a line."""
    lines = [f"{'task':<40} {'program':<12} {'figure':>6}  95 % interval   n"]
    for row in rows:
        if row.figure is None:
            reason = "not measured: its file or onnxruntime is missing"
            lines.append(f"{row.task:<40} {row.program:<12} {reason}")
            continue
        mean, low, high, number = row.figure
        lines.append(
            f"{row.task:<40} {row.program:<12} {mean:>6.3f}  {low:.3f} to {high:.3f}  {number:>4}"
        )
    return "\n".join(lines)


def _transcribers(network: NoteNetwork, peers: Path | None) -> dict[str, Transcribe]:
    def own(samples: Samples) -> list[PlayedNote]:
        notes = transcribe(samples, network)
        return [PlayedNote(note.onset_seconds, note.midi + note.cents / 100.0) for note in notes]

    programs: dict[str, Transcribe] = {"timbrel": own}
    if peers and (peers / "basic_pitch.tflite").is_file():
        programs["basic-pitch"] = BasicPitch(peers / "basic_pitch.tflite").notes
    return programs


def _practice_rows(
    programs: dict[str, Transcribe], practice: Path | None, noises: Sequence[Samples]
) -> list[Row]:
    recordings = recordings_with_notes(practice)
    rows = []
    for surroundings, heard in (("clean", ()), ("room", noises)):
        scores: dict[str, list[float]] = {program: [] for program in programs}
        sounds = sounds_of(recordings, heard)
        for recording, samples in with_progress(sounds, f"notes {surroundings}", len(recordings)):
            for program, transcribed in programs.items():
                f1 = note_score(recording.notes, transcribed(samples)).f1
                scores[program].append(f1)
        for voices, chosen in (
            ("all", [True] * len(recordings)),
            ("mono", [not recording.is_polyphonic for recording in recordings]),
            ("poly", [recording.is_polyphonic for recording in recordings]),
        ):
            sources = [
                r.source for r, is_chosen in zip(recordings, chosen, strict=True) if is_chosen
            ]
            for program, values in scores.items():
                own = [v for v, is_chosen in zip(values, chosen, strict=True) if is_chosen]
                if own:
                    task = f"notes, F1, {voices}, {surroundings}"
                    rows.append(Row(task, program, interval(own, sources)))
    return rows


def _single_rows(
    task: str, program: str, semitones: Sequence[float], groups: Sequence[str]
) -> list[Row]:
    """Return the share of right semitones, and that with octaves set aside."""
    off = np.array(semitones)
    finite = np.where(np.isfinite(off), off, _OCTAVE / 2)
    aside = finite - _OCTAVE * np.round(finite / _OCTAVE)
    right = (np.abs(off) < _NEAR_SEMITONES).astype(float)
    near = (np.abs(aside) < _NEAR_SEMITONES).astype(float)
    return [
        Row(f"{task}, semitone", program, interval(list(right), groups)),
        Row(f"{task}, octave aside", program, interval(list(near), groups)),
    ]
