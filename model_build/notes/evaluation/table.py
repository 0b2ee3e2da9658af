"""The rows of the note model's figures, with other programs measured on the same sound."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.practice.analysis.dc_filter import DcFilter
from daemon.practice.analysis.note_stream import NoteStream
from daemon.practice.analysis.played_note import STANDARD_A4_HZ
from daemon.practice.notes.note_network import NoteNetwork, load_note_network
from daemon.practice.notes.transcriber import Transcriber
from model_build.corpus.clips import read_corpus
from model_build.notes.evaluation.basic_pitch import BasicPitch
from model_build.notes.evaluation.note_figures import PlayedNote, note_score
from model_build.notes.evaluation.single_notes import (
    held_notes,
    note_model_pitch,
    sounds_of_notes,
    yin_pitch,
)
from model_build.notes.evaluation.swift_f0 import swift_f0_pitch
from model_build.notes.material.sampled_notes import pitches
from model_build.pitch.peers import compile_peers
from model_build.practice.across_a_room import across_a_room
from model_build.practice.practice_set import Recording
from model_build.practice.row import OURS, Row, Sheet
from model_build.progress import with_progress
from model_build.rendering.general_midi import FAMILIES

_OCTAVE, _NEAR_SEMITONES = 12.0, 0.5

Samples = NDArray[np.float32]
Transcribe = Callable[[Samples], Sequence[PlayedNote]]


def note_rows(
    model: Path, recordings: Sequence[Recording], noises: Sequence[Path], *, peers: Path | None
) -> list[Row]:
    """Return F1 of the notes, of all recordings and of those of one voice and of several.

    With `noises`, each recording is heard across a room. `peers` is the folder of basic-pitch; it
    is left out if the folder lacks it. Raises InputError if the model or an annotation cannot be
    read.
    """
    programs = _transcribers(load_note_network(model), peers)
    sheets = {voices: Sheet() for voices in ("all", "mono", "poly")}
    wanted = [recording for recording in recordings if "notes" in recording.truth]
    for recording in with_progress(wanted, "notes"):
        samples = recording.samples()
        if noises:
            samples = across_a_room(samples, noises, number=recording.number)
        annotated = _annotated(recording)
        for program, transcribed in programs.items():
            f1 = note_score(annotated, transcribed(samples)).f1
            for voices in ("all", "poly" if recording.is_polyphonic else "mono"):
                sheets[voices].put(f"notes, F1, {voices}", f1, recording.cluster, program)
    return [row for sheet in sheets.values() for row in sheet.rows()]


def single_note_rows(
    model: Path, corpus: Path | None, noises: Sequence[Path], *, peers: Path | None
) -> list[Row]:
    """Return the share of right pitches of recorded notes that training held back.

    With `noises`, they are heard in rooms at an SNR of 10 dB. SwiftF0 is left out if `peers` lacks
    it or onnxruntime is missing. Raises InputError if the model or the corpus cannot be read.
    """
    compile_peers()
    programs = {OURS: note_model_pitch(load_note_network(model)), "YIN": yin_pitch}
    swift = swift_f0_pitch(peers / "swift_f0.onnx") if peers else None
    if swift:
        programs["SwiftF0"] = swift
    sheet, read = Sheet(), read_corpus(corpus, (*FAMILIES, "drums"))
    notes = held_notes(read, pitches(corpus))
    sounds = sounds_of_notes(notes, noises)
    for note, samples in with_progress(sounds, "single notes", len(notes)):
        for program, pitch in programs.items():
            found = pitch(samples)
            off = np.inf if found is None else abs(found - note.midi)
            aside = abs(off - _OCTAVE * np.round(off / _OCTAVE)) if found is not None else np.inf
            right = float(off < _NEAR_SEMITONES)
            sheet.put("single notes, semitone", right, note.group, program)
            near = float(aside < _NEAR_SEMITONES)
            sheet.put("single notes, octave aside", near, note.group, program)
    return sheet.rows()


def _annotated(recording: Recording) -> list[PlayedNote]:
    rows = recording.annotation("notes")
    return [PlayedNote(float(row["onset_s"]), float(row["pitch_midi"])) for row in rows]


def _transcribers(network: NoteNetwork, peers: Path | None) -> dict[str, Transcribe]:
    def own(samples: Samples) -> list[PlayedNote]:
        """Return the notes that `timbrel replay --notes` gives."""
        stream, no_offset = NoteStream(Transcriber(network), STANDARD_A4_HZ), DcFilter()
        parts = no_offset.push(samples), no_offset.finish()
        notes = [note for part in parts for note in stream.push(part)] + stream.finish()
        return [PlayedNote(note.onset, note.midi + note.cents / 100.0) for note in notes]

    programs: dict[str, Transcribe] = {OURS: own}
    if peers and (peers / "basic_pitch.tflite").is_file():
        programs["basic-pitch"] = BasicPitch(peers / "basic_pitch.tflite").notes
    return programs
