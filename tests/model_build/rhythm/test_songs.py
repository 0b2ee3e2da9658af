import numpy as np
import pytest

from model_build.rhythm.songs import _parts, _random_score
from model_build.rhythm.styles import STYLES


@pytest.mark.parametrize("name", STYLES)
def test_drum_patterns_fill_a_bar(name: str) -> None:
    style = STYLES[name]
    for line in (style.kick, style.snare, style.cymbal):
        assert len(line) == style.beats * style.steps
        assert set(line) <= {"x", "."}


@pytest.mark.parametrize("name", STYLES)
def test_notes_of_every_style_are_playable_and_beats_have_its_tempo(name: str) -> None:
    score = _random_score(STYLES[name], np.random.default_rng(5), has_drums=True)
    bpm = 60.0 / np.median(np.diff(score.beats_seconds))
    assert 0.9 * STYLES[name].slowest_bpm < bpm < 1.1 * STYLES[name].fastest_bpm
    for notes, program, _ in _parts(score, has_drums=True):
        assert notes
        assert 0 <= program <= 127
        assert all(0 <= note.pitch_midi <= 127 and note.start_seconds >= 0 for note in notes)
