"""Basic Pitch's activations become notes; with its file, a real melody is heard."""

import os
from pathlib import Path

import numpy as np
import pytest

from model_build.notes.evaluation.basic_pitch import BasicPitch, notes_of
from tests.daemon.practice.notes.notes_sounds import tone

PEERS = os.environ.get("TIMBREL_PEERS")


def test_onsets_and_sustained_activations_become_notes() -> None:
    frames, onsets = np.zeros((2, 200, 88), np.float32)
    frames[20:60, 30] = 0.8
    onsets[20, 30] = 0.9
    frames[100:140, 50] = 0.6  # without an onset
    frames[160:166, 10] = 0.9  # too short
    onsets[160, 10] = 0.9
    assert sorted(notes_of(frames, onsets)) == [(20, 51), (100, 71)]


@pytest.mark.skipif(PEERS is None, reason="needs Basic Pitch's file: set TIMBREL_PEERS")
def test_a_melody() -> None:
    basic_pitch = BasicPitch(Path(str(PEERS), "basic_pitch.tflite"))
    sound = np.concatenate([tone(midi, 0.6) for midi in (60, 64, 67)])
    notes = basic_pitch.notes(sound)
    heard = [note.midi for note in notes if note.midi in {60, 64, 67}]
    assert heard == [60, 64, 67]
    onsets = [note.onset_seconds for note in notes if note.midi in {60, 64, 67}]
    assert onsets == pytest.approx([0.0, 0.6, 1.2], abs=0.06)
