from pathlib import Path

import numpy as np
import pytest

from daemon.practice.beats.beat_network import built_in_network
from model_build.rhythm.fit_confidence import Judged, fitted, judged_songs, shares, write_excerpts
from model_build.rhythm.surroundings import Surroundings


def examples(rng: np.random.Generator, count: int) -> list[Judged]:
    """The second figure alone says what is right."""
    right = rng.random(count) < 0.5
    figures = rng.random((count, 3))
    figures[:, 1] = right + rng.normal(0.0, 0.2, count)
    return [
        Judged(row, bool(is_right), is_music=True)
        for row, is_right in zip(figures, right, strict=True)
    ]


def test_the_weights_follow_the_figure_that_tells() -> None:
    rng = np.random.default_rng(1)
    weights = fitted(examples(rng, 200))
    assert weights.shape == (4,)
    assert weights[1] > 5.0 * max(abs(weights[0]), abs(weights[2]))
    others = examples(rng, 200)
    given = np.array([np.append(one.figures, 1.0) @ weights > 0.0 for one in others])
    assert np.mean(given == [one.is_right for one in others]) > 0.95


def test_weights_stay_finite_where_the_classes_can_be_separated() -> None:
    judged = [Judged(np.array([float(k > 5)]), k > 5, is_music=True) for k in range(12)]
    assert np.isfinite(fitted(judged)).all()


def test_shares_count_music_and_other_sound() -> None:
    judged = [
        Judged(np.array([1.0]), is_right=True, is_music=True),
        Judged(np.array([1.0]), is_right=False, is_music=True),
        Judged(np.array([-1.0]), is_right=False, is_music=False),
    ]
    assert shares(judged, np.array([1.0, 0.0], np.float32)) == (
        "music: a tempo for 2 of 2, 1 of them right; other sound: a tempo for 0 of 1"
    )


def test_excerpts_of_songs_are_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_build.rhythm.surroundings.RESPONSES", 2)
    surroundings = Surroundings(np.random.default_rng(1), [])
    file = tmp_path / "excerpts.npz"
    write_excerpts(file, range(60_000, 60_004), 1, surroundings)
    judged = list(judged_songs(built_in_network(), file))
    assert 5 <= len(judged) <= 8
    assert all(one.is_music for one in judged)
    assert sum(one.is_right for one in judged) >= len(judged) // 2
