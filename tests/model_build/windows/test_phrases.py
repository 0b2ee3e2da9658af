import numpy as np
import pytest
from numpy.typing import NDArray

from model_build.windows.phrases import beat_of_strokes, phrase_of_notes, released

CLICK = np.array([1.0, -1.0], np.float32)


def onsets(window: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.flatnonzero(window > 0)


def test_notes_follow_one_rhythm() -> None:
    window = phrase_of_notes(
        [CLICK], np.random.default_rng(1), interval_seconds=(0.25, 0.25), chords=False
    )
    assert window.shape == (64_000,)
    assert window.dtype == np.float32
    steps = set(np.diff(onsets(window)).tolist())
    assert steps <= {3_999, 4_000, 4_001, 7_999, 8_000, 8_001}
    assert len(onsets(window)) > 8


def test_cut_note_fades_out() -> None:
    held = np.ones(16_000, np.float32)
    cut = released(held, 4_000)
    assert len(cut) == 4_000
    assert cut[3_360] == 1.0
    assert cut[-1] == 0.0
    assert np.all(np.diff(cut[3_360:]) < 0)
    assert held.all()
    assert released(held, 20_000) is held


def test_chords_add_several_notes() -> None:
    def loudest(*, chords: bool) -> float:
        every = [
            phrase_of_notes(
                [CLICK], np.random.default_rng(seed), interval_seconds=(0.5, 0.5), chords=chords
            )
            for seed in range(10)
        ]
        return float(np.max(every))

    assert loudest(chords=False) <= 1.0 < loudest(chords=True)


def test_same_seed_gives_same_beat() -> None:
    strokes = {"kick": [CLICK], "snare": [2 * CLICK]}
    rng = np.random.default_rng(5)
    window = beat_of_strokes(strokes, rng)
    assert len(onsets(window)) >= 2
    assert np.array_equal(window, beat_of_strokes(strokes, np.random.default_rng(5)))


@pytest.mark.parametrize("seed", range(5))
def test_beat_contains_every_sort_of_stroke(seed: int) -> None:
    strokes = {"kick": [CLICK], "snare": [np.array([0, 0, 1], np.float32)]}
    window = beat_of_strokes(strokes, np.random.default_rng(seed))
    kicks = np.flatnonzero(window < 0)
    assert len(kicks) >= 1
    assert len(onsets(window)) > len(kicks)
