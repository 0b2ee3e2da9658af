"""The note creation is tuned for the notes that users get."""

import msgspec
import numpy as np
import pytest

from daemon.practice.notes.built_in import BUILT_IN_NOTE_MODEL
from daemon.practice.notes.log_frequency import frames_of
from daemon.practice.notes.note_network import load_note_network
from daemon.practice.notes.transcriber import transcribe
from model_build.notes import tuning
from model_build.notes.material.clip_files import HeldClip
from model_build.notes.targets import LabelledNote
from model_build.notes.tuning import tune
from tests.daemon.practice.machines import mains_hum
from tests.daemon.practice.notes.notes_sounds import tone


def test_hum_is_no_false_note(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network takes the hum for a note, but the daemon leaves it out."""
    network = load_note_network(BUILT_IN_NOTE_MODEL)
    hum = np.concatenate([np.zeros(8_000, np.float32), mains_hum(50.0, 3.0, 1)])
    assert len(transcribe(hum, network)) == 1
    monkeypatch.setattr(tuning, "TRIED", {})
    tuned = tune(network, [HeldClip(frames_of(hum), [], False, hum)])
    assert tuned.rules == network.contract.rules
    assert tuned.figures["false_notes_a_clip"] == 0.0


def test_a_better_rule_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    network = load_note_network(BUILT_IN_NOTE_MODEL)
    deaf = msgspec.structs.replace(network.contract.rules, onset=1.0, look_ahead_frames=3)
    network.contract = msgspec.structs.replace(network.contract, rules=deaf)
    sound = np.concatenate([tone(60, 0.6), tone(67, 0.6)])
    notes = [LabelledNote(0.0, 0.6, 60.0), LabelledNote(0.6, 1.2, 67.0)]
    monkeypatch.setattr(tuning, "TRIED", {"onset": (0.4,), "shortest_frames": (4, 5)})
    tuned = tune(network, [HeldClip(frames_of(sound), notes, False, sound)])
    assert tuned.rules == msgspec.structs.replace(deaf, onset=0.4)
    assert tuned.figures["f1_clean"] == 1.0
