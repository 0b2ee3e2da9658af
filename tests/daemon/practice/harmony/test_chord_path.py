import itertools

import numpy as np

from daemon.practice.harmony.chord_network import NO_CHORD
from daemon.practice.harmony.chord_path import Stretch, likeliest_chords, stretches
from daemon.practice.spectrum import HOP_SECONDS


def scores(path: list[int], strength: float) -> np.ndarray:
    table = np.full((len(path), 25), -strength, np.float32)
    table[np.arange(len(path)), path] = 0.0
    return table


def test_clear_scores_are_followed_and_short_doubts_are_not() -> None:
    path = [3] * 10 + [15] * 10
    assert likeliest_chords(scores(path, 8.0)).tolist() == path
    doubtful = scores(path, 8.0)
    doubtful[4, 7] = 1.0
    assert likeliest_chords(doubtful).tolist() == path


def test_the_path_is_the_best_of_all_paths() -> None:
    rng = np.random.default_rng(2)
    table = np.full((4, 25), -50.0, np.float32)
    table[:, :3] = rng.normal(0.0, 3.0, (4, 3))
    stay = 0.6 ** (HOP_SECONDS / 0.128)

    def total(path: tuple[int, ...]) -> float:
        steps = [stay if a == b else (1.0 - stay) / 24 for a, b in itertools.pairwise(path)]
        return float(sum(table[k, c] for k, c in enumerate(path)) + np.log(steps).sum())

    every = [tuple(map(int, np.unravel_index(k, (3,) * 4))) for k in range(3**4)]
    assert tuple(likeliest_chords(table).tolist()) == max(every, key=total)


def test_one_frame_is_a_path() -> None:
    assert likeliest_chords(scores([5], 3.0)).tolist() == [5]


def test_a_chord_is_held_over_a_short_silence() -> None:
    path = np.array([2] * 4 + [NO_CHORD] * 3 + [2] * 4 + [NO_CHORD] * 2 + [7] * 3)
    assert stretches(path) == [Stretch(0, 13, 2), Stretch(13, 16, 7)]


def test_a_chord_ends_two_seconds_into_a_long_silence() -> None:
    held = round(2.0 / HOP_SECONDS)
    path = np.array([NO_CHORD] * 3 + [2] * 4 + [NO_CHORD] * 20)
    assert stretches(path) == [
        Stretch(0, 3, NO_CHORD),
        Stretch(3, 7 + held, 2),
        Stretch(7 + held, 27, NO_CHORD),
    ]
