import shutil

import numpy as np
import pytest

from model_build.notes.survey import (
    KeyFigures,
    ProgramFigures,
    key_figures,
    survey_program,
)
from model_build.rendering.soundfont import FLUID_R3
from tests.daemon.practice.notes.notes_sounds import SAMPLE_RATE_HZ


def test_attack_and_decay_of_a_slow_note() -> None:
    time = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    envelope = np.minimum(time / 0.2, 1.0) * np.where(time < 0.5, 1.0, 10 ** (-(time - 0.5) * 10))
    sound = (envelope * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    figures = key_figures(sound, 69)
    assert figures is not None
    assert figures.attack_seconds == pytest.approx(0.05, abs=0.011)
    assert figures.decay_seconds == pytest.approx(0.65, abs=0.02)
    assert figures.semitones_off == pytest.approx(0.0, abs=0.05)
    assert key_figures(np.zeros(SAMPLE_RATE_HZ, np.float32), 69) is None


def test_a_program_an_octave_off_is_not_usable() -> None:
    def program(off: float) -> ProgramFigures:
        keys = tuple(KeyFigures(midi, 0.01, None, off) for midi in range(40, 49))
        return ProgramFigures(0, keys)

    assert program(0.1).is_usable
    assert program(0.1).tuning_semitones == pytest.approx(0.1)
    assert not program(12.0).is_usable
    assert program(0.0).nearest(100).midi == 48


@pytest.mark.skipif(
    not shutil.which("fluidsynth") or not FLUID_R3.is_file(),
    reason="needs fluidsynth and fluid-soundfont-gm",
)
def test_the_piano_is_in_tune_and_dies_away() -> None:
    piano = survey_program(0, FLUID_R3)
    assert piano.is_usable
    assert piano.tuning_semitones == pytest.approx(0.0, abs=0.03)
    assert all(abs(key.semitones_off or 0.0) < 0.05 for key in piano.keys)
    assert piano.nearest(60).attack_seconds < 0.05
