"""Activations become notes by the rules of the model."""

import numpy as np

from daemon.practice.notes.note_creation import Ended, NoteRules
from model_build.notes.activations import Activations, ActivationSource, notes_of_activations


def _activations(onset: float) -> Activations:
    activation, onsets, level = np.zeros((3, 60, 88), np.float32)
    activation[20:40, 39] = 0.9
    onsets[20, 39] = onset
    pitch = np.zeros((60, 264), np.float32)
    pitch[20:40, 3 * 39 + 1] = 1.0
    return Activations(activation, onsets, pitch, level - 30)


def test_activations_become_notes() -> None:
    (note,) = notes_of_activations(_activations(0.8), NoteRules(), 0.02)
    assert note.midi == 60
    assert abs(note.onset_seconds - 0.4) < 0.011
    assert note.cents == 0.0
    assert notes_of_activations(_activations(0.3), NoteRules(onset=0.4), 0.02) == []


def test_a_source_gives_the_same_notes() -> None:
    rules = NoteRules(look_ahead_frames=3)
    source = ActivationSource(_activations(0.8), rules, 0.02)
    events = source.push(np.zeros(19_200, np.float32))
    assert source.decided_frames == 57
    events += source.finish()
    ended = [event.note for event in events if isinstance(event, Ended)]
    assert ended == notes_of_activations(_activations(0.8), rules, 0.02)
