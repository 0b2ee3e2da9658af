import numpy as np
import pytest

from model_build.rhythm import parts
from model_build.rhythm.score import Score, random_score
from model_build.rhythm.songs import SECONDS, make_song, random_parts
from model_build.rhythm.styles import STYLES


def score(name: str, seed: int = 5, *, has_drums: bool = True) -> Score:
    rng = np.random.default_rng(seed)
    return random_score(STYLES[name], rng, seconds=SECONDS, has_drums=has_drums)


def test_there_are_nineteen_styles() -> None:
    assert len(STYLES) == 19


@pytest.mark.parametrize("name", STYLES)
def test_drum_patterns_fill_a_bar(name: str) -> None:
    style = STYLES[name]
    for groove in style.grooves:
        for line in groove:
            assert len(line) == style.beats * style.steps
            assert set(line) <= {"x", "."}
    assert set(style.accompaniments) <= parts.ACCOMPANIMENTS.keys()


@pytest.mark.parametrize("name", STYLES)
def test_beats_of_a_style_have_its_tempo_and_cover_the_song(name: str) -> None:
    beats = score(name).beats_seconds
    bpm = 60.0 / np.median(np.diff(beats))
    assert 0.85 * STYLES[name].slowest_bpm < bpm < 1.15 * STYLES[name].fastest_bpm
    assert beats[0] <= 0.6
    assert beats[-1] > SECONDS


@pytest.mark.parametrize("has_drums", [True, False])
@pytest.mark.parametrize("name", STYLES)
def test_notes_of_every_style_are_playable(name: str, *, has_drums: bool) -> None:
    for seed in range(4):
        for part in random_parts(score(name, seed, has_drums=has_drums), has_drums=has_drums):
            assert part.notes
            assert all(0 <= note.pitch_midi <= 127 for note in part.notes)
            assert all(0 <= note.start_seconds < SECONDS for note in part.notes)


@pytest.mark.parametrize("name", parts.ACCOMPANIMENTS)
def test_accompaniments_play_the_chord(name: str) -> None:
    of = score("pop")
    notes = list(parts.ACCOMPANIMENTS[name](of))
    assert len(notes) >= of.bars
    fits = [
        any((note.pitch_midi - pitch) % 12 == 0 for pitch in of.chord(beat, 48))
        for note in notes
        for beat in [
            float(np.interp(note.start_seconds, of.beats_seconds, range(len(of.beats_seconds))))
            + 0.1
        ]
    ]
    assert np.mean(fits) > 0.8


def test_swing_delays_the_second_half_of_a_beat() -> None:
    even = score("funk")._replace(swing=0.0)
    late = even._replace(swing=0.1)
    assert late.seconds(3.0) == pytest.approx(even.seconds(3.0))
    gap = even.seconds(4.0) - even.seconds(3.0)
    assert late.seconds(3.5) - even.seconds(3.5) == pytest.approx(0.1 * gap)


def test_a_song_sounds_from_beginning_to_end() -> None:
    song = make_song(np.random.default_rng(3))
    assert song.samples.shape == (round(SECONDS * 16_000),)
    assert np.abs(song.samples).max() == pytest.approx(0.5)
    halves = song.samples.reshape(2, -1).std(axis=1)
    assert halves.min() > 0.1 * halves.max()
    assert song.beats_seconds.shape == song.is_downbeat.shape
    assert song.bpm == pytest.approx(60.0 / np.median(np.diff(song.beats_seconds)))


def test_song_without_any_sound_is_drawn_again() -> None:
    # The first song of this chance is a melody above all notes of the soundfont's saxophone.
    song = make_song(np.random.default_rng((1, 304)))
    assert np.abs(song.samples).max() == pytest.approx(0.5)
    assert len(song.beats_seconds) > 10
