"""A performance is heard when the survey says so, at the pitch of its tuning."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from model_build.notes.material.performance import perform
from model_build.notes.material.pieces import Voice, draw_piece
from model_build.notes.material.rendered_pieces import (
    PieceTask,
    players_of,
    read_pieces,
    render_pieces,
)
from model_build.notes.material.score import score_file
from model_build.notes.pitch_estimate import pitch_midi
from model_build.notes.survey import KeyFigures, ProgramFigures
from model_build.rendering.general_midi import PROGRAMS
from model_build.rendering.midi_file import Note
from model_build.rendering.soundfont import FLUID_R3, render_score

FLUTE = next(program for program in PROGRAMS if program.number == 73)
SLOW = ProgramFigures(73, (KeyFigures(72, 0.08, None, 0.1), KeyFigures(84, 0.01, 0.3, 0.1)))
NEEDS_FLUIDSYNTH = pytest.mark.skipif(
    not shutil.which("fluidsynth") or not FLUID_R3.is_file(),
    reason="needs fluidsynth and fluid-soundfont-gm",
)


def test_onsets_are_late_by_the_attack_and_ends_follow_the_decay() -> None:
    notes = [Note(0.0, 1.0, 72, 90), Note(1.5, 2.0, 84, 90)]
    voice = Voice(FLUTE, notes, is_single=False)
    performed = perform(
        np.random.default_rng(1), [voice], {73: SLOW}, start_seconds=2.0, seconds=8.0
    )
    low, high = performed.notes
    assert low.onset_seconds == pytest.approx(2.08)
    assert low.offset_seconds == pytest.approx(3.0)
    assert high.onset_seconds == pytest.approx(3.51)
    assert high.offset_seconds == pytest.approx(3.5 + 0.39)
    assert high.midi - low.midi == pytest.approx(12.0)


def test_pieces_are_drawn_from_the_usable_programs_only() -> None:
    figures = [
        ProgramFigures(number, (KeyFigures(60, 0.0, None, 0.0),) * 9) for number in (0, 24, 73)
    ]
    players = players_of(figures)
    assert {family: len(own) for family, own in players.items()} == {
        "keyboard": 1,
        "guitar": 1,
        "flute": 1,
    }
    for seed in range(30):
        voices = draw_piece(np.random.default_rng(seed), players, 8.0)
        assert {voice.program.number for voice in voices} <= {0, 24, 73}


@NEEDS_FLUIDSYNTH
def test_rendered_sound_has_the_labelled_notes() -> None:
    """A performance of separate notes has their pitch from the labelled onset on."""
    piano = next(program for program in PROGRAMS if program.number == 0)
    keys = tuple(KeyFigures(midi, 0.0, None, 0.0) for midi in range(36, 85, 6))
    notes = [Note(1.5 * index, 0.8, midi, 90) for index, midi in enumerate((50, 57, 64, 71))]
    voice = Voice(piano, notes, is_single=True)
    performed = perform(
        np.random.default_rng(4),
        [voice],
        {0: ProgramFigures(0, keys)},
        start_seconds=0.5,
        seconds=9,
    )
    sound = render_score(score_file(performed.events), 5.0)
    assert len(performed.notes) == len(notes)
    for note in performed.notes:
        first = round(note.onset_seconds * 16_000)
        before, after = sound[first - 1_600 : first], sound[first : first + 1_600]
        assert np.square(after).sum() > 10 * np.square(before).sum()
        heard = pitch_midi(sound[first + 800 : first + 5_600])
        assert heard == pytest.approx(note.midi, abs=0.05)


@NEEDS_FLUIDSYNTH
def test_one_seed_gives_one_sound(tmp_path: Path) -> None:
    keys = tuple(KeyFigures(midi, 0.0, None, 0.0) for midi in range(36, 85, 6))
    made = [
        read_pieces(
            render_pieces(
                PieceTask(tmp_path / name, FLUID_R3, [ProgramFigures(0, keys)], (1,), 5.0)
            )
        )
        for name in ("a.npz", "b.npz")
    ]
    np.testing.assert_array_equal(made[0].samples, made[1].samples)
    assert made[0].notes == made[1].notes
