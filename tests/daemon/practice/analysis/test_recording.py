"""The analysis of whole recordings."""

from pathlib import Path

import numpy as np
import pytest

from daemon.practice.analysis.recording import analyse
from daemon.practice.notes.built_in import BUILT_IN_NOTE_MODEL
from daemon.practice.notes.note_network import load_note_network
from daemon.sound.sound_file import read_sound
from tests.daemon.practice.voices import Samples, hum, scale, silence, tone

MELODY = scale([60, 62, 64, 65, 67, 69, 71, 72], 0.5, 0.0)


def pieces(sound: Samples, length: int) -> list[Samples]:
    return [sound[first : first + length] for first in range(0, len(sound), length)]


def test_a_melody_at_442_hz_is_in_tune_with_itself(note_model: Path) -> None:
    sharp = 12.0 * np.log2(442.0 / 440.0)
    sound = scale([midi + sharp for midi in (60, 62, 64, 65, 67, 69)], 0.6, 0.1)
    found = analyse([sound], load_note_network(note_model), 440.0)
    assert found.a4_hz == pytest.approx(442.0, abs=0.3)
    assert found.in_tune == pytest.approx(1.0)
    assert found.median_cents == pytest.approx(7.9, abs=1.5)


def test_the_result_does_not_depend_on_the_pieces(note_model: Path) -> None:
    network = load_note_network(note_model)
    whole = analyse([MELODY], network, 440.0)
    parts = analyse(pieces(MELODY, 1_234), network, 440.0)
    assert parts.notes == whole.notes
    assert parts.a4_hz == whole.a4_hz
    assert parts.swells == whole.swells
    np.testing.assert_array_equal(parts.pitch.hz, whole.pitch.hz)


def test_every_sample_is_heard_without_padding(note_model: Path) -> None:
    found = analyse([MELODY], load_note_network(note_model), 440.0)
    assert found.seconds == len(MELODY) / 16_000
    assert found.notes is not None
    assert found.notes[-1].midi == 72
    assert found.notes[-1].onset == pytest.approx(3.5, abs=0.06)
    assert len(found.pitch.hz) == pytest.approx(found.seconds / 0.02, abs=3)


def test_connected_notes_are_legato_and_separate_ones_are_not(note_model: Path) -> None:
    network = load_note_network(note_model)
    separate = scale([60, 62, 64, 65, 67, 69, 71, 72], 0.3, 0.3)
    assert analyse([MELODY], network, 440.0).legato == 1.0
    assert analyse([separate], network, 440.0).legato == 0.0


@pytest.mark.parametrize("sound", [silence(6.0), hum(50.0, 6.0), silence(0.01), silence(0.0)])
def test_without_music_everything_is_unknown(note_model: Path, sound: Samples) -> None:
    found = analyse([sound], load_note_network(note_model), 440.0)
    assert found.a4_hz is None
    assert found.in_tune is None
    assert found.median_cents is None
    assert found.rhythm is None or found.rhythm.tempo_bpm is None
    assert found.swells == []


def test_without_a_note_model_the_rest_is_still_measured() -> None:
    found = analyse([tone(443.0, 3.0)], None, 440.0)
    assert found.notes is None
    assert found.a4_hz == pytest.approx(443.0, abs=0.3)
    assert found.legato is None


def test_a_quarter_tone_off_has_no_a4(note_model: Path) -> None:
    sound = scale([60.5, 62.5, 64.5, 65.5, 67.5], 0.6, 0.05)
    assert analyse([sound], load_note_network(note_model), 440.0).a4_hz is None


def test_clicks_have_no_a4() -> None:
    clicks = read_sound(str(Path(__file__).parents[1] / "field" / "click-80.flac"))
    found = analyse([clicks], load_note_network(BUILT_IN_NOTE_MODEL), 440.0)
    assert found.notes == []
    assert found.a4_hz is None
