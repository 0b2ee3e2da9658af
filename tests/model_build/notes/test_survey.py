import shutil

import numpy as np
import pytest

from model_build.notes.survey import (
    KeyFigures,
    ProgramFigures,
    key_figures,
    pitch_midi,
    survey_program,
)
from model_build.rendering.soundfont import FLUID_R3
from tests.daemon.practice.notes.notes_sounds import SAMPLE_RATE_HZ, tone


@pytest.mark.parametrize("midi", [36.0, 48.3, 60.0, 72.5, 84.0])
def test_pitch_of_a_harmonic_tone(midi: float) -> None:
    assert pitch_midi(tone(midi, 0.3)) == pytest.approx(midi, abs=0.07)


def test_noise_and_silence_have_no_pitch() -> None:
    noise = np.random.default_rng(1).standard_normal(4_800).astype(np.float32)
    assert pitch_midi(noise) is None
    assert pitch_midi(np.zeros(4_800, np.float32)) is None
    assert pitch_midi(np.zeros(10, np.float32)) is None


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
    # Its partials are stretched, which makes the period look up to a quarter semitone short.
    assert 0.0 <= piano.tuning_semitones < 0.25
    assert piano.nearest(60).attack_seconds < 0.05
