import numpy as np
import pytest

from daemon.practice.beats.bar_pointer import beat_frames, beat_tempi


def activation(beats: list[int], frames: int) -> np.ndarray:
    values = np.full(frames, 0.03)
    for shift, value in ((-1, 0.4), (1, 0.4), (0, 0.9)):
        values[np.array(beats) + shift] = value
    return values


def even(spans: int = 1) -> np.ndarray:
    return np.zeros((spans, len(beat_tempi())))


def test_finds_even_beats() -> None:
    beats = list(range(10, 900, 25))
    assert beat_frames(activation(beats, 900), even(), 1_500).tolist() == beats


def test_bridges_missing_beats() -> None:
    beats = list(range(10, 900, 30))
    heard = [beat for k, beat in enumerate(beats) if k % 5 != 3]
    assert beat_frames(activation(heard, 900), even(), 1_500) == pytest.approx(beats, abs=1)


def test_follows_a_slow_change() -> None:
    beats = np.cumsum(np.rint(np.linspace(24, 34, 32))).astype(int).tolist()
    found = beat_frames(activation(beats, beats[-1] + 20), even(), 1_500)
    assert np.isin(beats, found).mean() > 0.9


def test_preferences_choose_between_a_tempo_and_its_half() -> None:
    beats = list(range(10, 900, 25))
    octaves = np.log2(beat_tempi() / 60.0)
    slow = (-0.5 * (octaves / 0.15) ** 2)[None]
    found = beat_frames(activation(beats, 900), slow, 1_500)
    assert np.median(np.diff(found)) == 50


def test_spans_have_preferences_of_their_own() -> None:
    beats = list(range(10, 3_000, 25))
    octaves = np.log2(beat_tempi()[None] / np.array([[60.0], [120.0]]))
    found = beat_frames(activation(beats, 3_000), -0.5 * (octaves / 0.15) ** 2, 1_500)
    gaps = np.diff(found)
    assert np.median(gaps[found[:-1] < 1_300]) == 50
    assert np.median(gaps[found[:-1] > 1_700]) == 25


def test_no_frames_have_no_beats() -> None:
    assert beat_frames(np.zeros(0), even(), 1_500).shape == (0,)
