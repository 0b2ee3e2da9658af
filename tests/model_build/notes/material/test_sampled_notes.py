"""Recorded notes are placed by their level, and their labels are checked by their pitch."""

import numpy as np
import pytest

from model_build.corpus.clips import Clip
from model_build.notes.material.sampled_notes import held_note_groups, place_of
from tests.daemon.practice.notes.notes_sounds import tone

SILENCE = np.zeros(3_200, np.float32)


def _clip(group: str, origin: str = "real") -> Clip:
    families = ("guitar",)
    return Clip(
        f"{group}.opus", "note", "train", "guitar", families, families, group, group, origin,
        "CC0", True, "",
    )  # fmt: skip


def test_a_note_is_placed_and_measured() -> None:
    sound = np.concatenate([SILENCE, tone(57.2, 1.5), SILENCE])
    place = place_of(sound, 57.0, "guitar")
    assert place is not None
    onset, end, midi = place
    assert onset == pytest.approx(3_200, abs=160)
    assert end == pytest.approx(3_200 + 24_000, abs=3_200)
    assert midi == pytest.approx(57.2, abs=0.05)


def test_wrong_labels_and_silence_are_dropped() -> None:
    sound = np.concatenate([SILENCE, tone(57.0, 1.5)])
    assert place_of(sound, 60.0, "guitar") is None
    assert place_of(sound, 45.0, "organ") is None
    assert place_of(np.zeros(16_000, np.float32), 57.0, "guitar") is None


def test_a_fifth_of_the_real_groups_is_held_back() -> None:
    clips = [_clip(f"group-{number}") for number in range(20)]
    clips += [_clip("other", origin="synth"), _clip("unlabelled")]
    labelled = {clip.path for clip in clips if clip.group != "unlabelled"}
    held = held_note_groups(clips, labelled)
    assert len(held) == 4
    assert held == held_note_groups(clips[::-1], labelled)
    assert not held & {"other", "unlabelled"}
