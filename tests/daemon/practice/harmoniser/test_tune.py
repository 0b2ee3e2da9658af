from typing import NamedTuple

import numpy as np
import pytest

from daemon.practice.harmoniser.heard_tune import beat_seconds, beats_of_notes
from daemon.practice.harmoniser.keys import Key
from daemon.practice.harmoniser.melody_key import melody_key
from daemon.practice.harmoniser.model_file import read_harmony_model
from daemon.practice.harmoniser.tune import (
    Tune,
    TuneNote,
    octaves_into_range,
    sampled,
    sounding_beats,
    without_rests,
)

TABLES = read_harmony_model()[1].key_tables


def tune_of(*notes: tuple[int, int, int], beats: int = 4) -> Tune:
    edges = tuple(range(0, 480 * beats + 1, 480))
    return Tune(tuple(TuneNote(*note) for note in notes), edges, (0,))


def test_samples_quarters_of_beats_and_tolerates_an_unsteady_hand() -> None:
    steps = sampled(tune_of((12, 470, 60), (495, 730, 62), (700, 955, 64), beats=2))
    assert steps.tolist() == [[60] * 4, [62, 62, 64, 64]]


def test_a_very_short_note_is_not_lost() -> None:
    assert sampled(tune_of((0, 480, 60), (490, 500, 65), (600, 960, 62), beats=2))[1, 0] == 65


def test_short_rests_are_articulation_and_long_ones_stay() -> None:
    steps = sampled(tune_of((0, 240, 60), (480, 600, 62), (1440, 1920, 64)))
    assert steps[0].tolist() == [60] * 4
    assert steps[1].tolist() == [62, -1, -1, -1]
    assert sounding_beats(steps).tolist() == [0, 1, 3]
    assert without_rests(steps[[1]]).tolist() == [[62] * 4]


def test_a_rest_before_a_note_becomes_part_of_it() -> None:
    assert without_rests(np.array([[-1, -1, 67, -1]])).tolist() == [[67] * 4]


@pytest.mark.parametrize(("lowest", "octaves"), [(60, 0), (64, 0), (36, 2), (48, 1), (86, -2)])
def test_melody_is_moved_into_the_sopranos_range_by_octaves(lowest: int, octaves: int) -> None:
    assert octaves_into_range(lowest + np.arange(12)) == octaves


SCALES = {"major": (0, 2, 4, 5, 7, 9, 11, 12), "minor": (0, 2, 3, 5, 7, 8, 11, 12)}


@pytest.mark.parametrize("mode", ["major", "minor"])
def test_finds_the_key_of_a_tune_in_all_keys(mode: str) -> None:
    scale = SCALES[mode]
    melody = np.array([scale[i] for i in (0, 1, 2, 3, 4, 4, 5, 3, 4, 2, 1, 6, 7, 4, 2, 0)])
    for tonic in range(12):
        found = melody_key(TABLES, np.repeat(60 + tonic + melody, 4))
        assert found == Key(tonic, "minor" if mode == "minor" else "major")


def test_key_signature_decides_only_where_the_notes_do_not() -> None:
    fifth = np.repeat(np.array([72, 67, 72, 67, 72]), 4)
    assert melody_key(TABLES, fifth, Key(0, "minor")) == Key(0, "minor")
    assert melody_key(TABLES, fifth, Key(0, "major")) == Key(0, "major")
    scale = np.repeat(60 + np.array([0, 2, 4, 5, 7, 9, 11, 12, 11, 9, 7, 5, 4, 2, 0]), 4)
    assert melody_key(TABLES, scale, Key(6, "major")) == Key(0, "major")


def test_a_signature_with_the_wrong_mode_is_overruled() -> None:
    minor = np.repeat(57 + np.array([0, 2, 3, 5, 7, 8, 11, 12, 12, 8, 7, 3, 2, 0, -1, 0]), 4)
    assert melody_key(TABLES, minor, Key(0, "major")) == Key(9, "minor")


@pytest.mark.parametrize("bpm", [70, 84, 100, 120])
def test_finds_the_beat_of_onsets(bpm: int) -> None:
    beat = 60 / bpm
    onsets = 1.3 + beat * np.array([0, 1, 2, 2.5, 3, 4, 5, 6, 7, 7.5, 8, 9, 10])
    assert beat_seconds(onsets) == pytest.approx(beat, rel=0.01)


def test_beats_follow_a_player_who_slows_down() -> None:
    gaps = np.linspace(0.55, 0.7, 40)
    onsets = 0.5 + np.concatenate([[0.0], np.cumsum(gaps)])
    notes = [TuneNote(round(t * 1000), round(t * 1000) + 400, 60) for t in onsets]
    beats, bars = beats_of_notes(notes, ticks_per_second=1000)
    assert np.abs(np.array(beats[:41]) / 1000 - onsets).max() < 0.12
    assert bars[:3] == (0, 4, 8)
    assert beats[-1] >= notes[-1].end


class Heard(NamedTuple):
    onset_seconds: float
    offset_seconds: float
    midi: int


def test_one_note_has_a_beat() -> None:
    beats, bars = beats_of_notes([TuneNote(100, 700, 60)], ticks_per_second=1000)
    assert beats[0] <= 100
    assert beats[-1] >= 700
    assert bars == (0,)
