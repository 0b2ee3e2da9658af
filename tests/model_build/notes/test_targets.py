import numpy as np
import pytest

from daemon.practice.notes.note_creation import Ended, NoteCreation, NoteFrame, NoteRules
from model_build.notes.targets import LabelledNote, Targets, Vibrato, targets_of

FRAME_SECONDS = 0.02


def created(targets: Targets) -> list[tuple[float, int, float]]:
    creation = NoteCreation(NoteRules(), FRAME_SECONDS)
    level = np.zeros(88, np.float32)
    events = []
    for activation, onset, pitch in zip(*targets[:3], strict=True):
        events += creation.push(NoteFrame(activation, onset, pitch, level))
    events += creation.finish()
    return [
        (event.note.onset_seconds, event.note.midi, event.note.cents)
        for event in events
        if isinstance(event, Ended)
    ]


@pytest.mark.parametrize("onset_seconds", [0.3, 0.305, 0.3125, 0.319])
@pytest.mark.parametrize("midi", [21.0, 60.2, 69.4, 107.7])
def test_perfect_answers_give_the_note_back(onset_seconds: float, midi: float) -> None:
    targets = targets_of([LabelledNote(onset_seconds, 0.9, midi)], 60, FRAME_SECONDS)
    ((onset, key, cents),) = created(targets)
    assert onset == pytest.approx(onset_seconds, abs=0.011)
    assert key + cents / 100 == pytest.approx(midi, abs=0.08)


def test_a_chord_and_a_repeated_note() -> None:
    notes = [LabelledNote(0.2, 0.6, 60), LabelledNote(0.2, 0.6, 64), LabelledNote(0.6, 0.9, 60)]
    assert [key for _, key, _ in created(targets_of(notes, 60, FRAME_SECONDS))] == [60, 64, 60]


def test_neighbouring_key_is_open_for_a_note_between_two() -> None:
    targets = targets_of([LabelledNote(0.2, 0.6, 60.4)], 40, FRAME_SECONDS)
    assert targets.weight[20, 61 - 21] == 0.0
    assert targets.weight[20, 60 - 21] == targets.weight[20, 59 - 21] == 1.0
    assert targets.weight[39].all()


def test_vibrato_moves_the_contour_only() -> None:
    vibrato = Vibrato(from_seconds=0.2, hz=5.0, semitones=0.4)
    targets = targets_of([LabelledNote(0.2, 1.2, 69.0, vibrato)], 70, FRAME_SECONDS)
    highest = targets.pitch[25:60].argmax(axis=1)
    assert set(np.unique(highest)) == {144, 145, 146}
    assert targets.activation[25:60, 48].all()


def test_notes_outside_the_keyboard_are_left_out() -> None:
    targets = targets_of([LabelledNote(0.0, 1.0, 12.0), LabelledNote(0.0, 1.0, 120.0)], 20, 0.02)
    assert not targets.activation.any()
    assert not targets.pitch.any()
