from collections.abc import Sequence

import numpy as np
import pytest

from daemon.practice.harmony.analysis import heard_semitones
from daemon.practice.harmony.chord_features import chroma
from daemon.practice.harmony.chord_network import NO_CHORD
from model_build.chords.progressions import UNNAMED
from model_build.chords.songs import (
    KINDS,
    SECONDS,
    ChordSpan,
    HarmonicSong,
    chord_classes,
    make_song,
)


@pytest.mark.parametrize("kind", KINDS)
def test_scores_of_every_kind_are_playable(kind: str) -> None:
    make, _ = KINDS[kind]
    for seed in range(6):
        score = make(np.random.default_rng(seed))
        assert score.parts
        for part in score.parts:
            assert part.notes
            assert all(0 <= note.start_seconds < SECONDS for note in part.notes)
            assert all(21 <= note.pitch_midi <= 108 for note in part.notes)
        starts = [span.start_seconds for span in score.spans]
        assert starts == sorted(starts)
        assert (score.key is None) == (kind in {"single chords", "drums"})


def sounding(notes: Sequence[object], time: float) -> set[int]:
    return {
        note.pitch_midi % 12  # type: ignore[attr-defined]
        for note in notes
        if note.start_seconds <= time < note.start_seconds + note.seconds  # type: ignore[attr-defined]
    }


def test_single_chords_sound_exactly_where_they_are_labelled() -> None:
    score = KINDS["single chords"][0](np.random.default_rng(9))
    for start, end, chord in score.spans:
        root, third = chord % 12, 4 if chord < 12 else 3
        heard = sounding(score.parts[0].notes, (start + end) / 2)
        assert heard <= {root, (root + third) % 12, (root + 7) % 12}
        assert len(heard) >= 2


def test_a_song_sounds_like_its_chords() -> None:
    song = make_song(np.random.default_rng(6))
    assert song.samples.dtype == np.float32
    assert np.abs(song.samples).max() == pytest.approx(0.5)
    assert song.kind == "solo"
    magnitudes, _ = heard_semitones(song.samples)
    seen = chroma(magnitudes)
    times = (np.arange(len(seen)) * 4_096 + 4_096) / 16_000
    classes = chord_classes(song, times)
    hits = []
    for row, number in zip(seen, classes, strict=True):
        if number not in {UNNAMED, NO_CHORD}:
            third = 4 if number < 12 else 3
            triad = [(number + step) % 12 for step in (0, third, 7)]
            hits.append(int(row.argmax()) in triad)
    assert len(hits) > 20
    assert np.mean(hits) > 0.8


def test_frames_near_a_change_and_after_an_end_are_left_out() -> None:
    spans = [ChordSpan(1.0, 2.0, 3), ChordSpan(2.0, 3.0, UNNAMED)]
    song = HarmonicSong(np.zeros(1, np.float32), None, spans, "solo")
    times = np.array([0.5, 0.9, 1.02, 1.5, 1.98, 2.5, 3.2, 3.5])
    expected = [NO_CHORD, UNNAMED, UNNAMED, 3, UNNAMED, UNNAMED, UNNAMED, NO_CHORD]
    assert chord_classes(song, times).tolist() == expected
