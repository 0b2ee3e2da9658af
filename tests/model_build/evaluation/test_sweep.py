from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.scorer import level_dbfs
from model_build.corpus.clips import read_corpus
from model_build.evaluation.conditions import SWEPT
from model_build.evaluation.models import Model
from model_build.evaluation.sweep import sweep

FAMILIES = ("drums", "flute", "organ")


def test_all_models_get_the_same_sounds(corpus: Path) -> None:
    heard: dict[str, list[NDArray[np.float32]]] = {"one": [], "two": []}

    def model(name: str) -> Model:
        def score(samples: NDArray[np.float32]) -> NDArray[np.float32]:
            heard[name].append(samples)
            return np.array([0.1, 0.7, 0.2], np.float32)

        return Model(FAMILIES, None, score)

    found = sweep(read_corpus(corpus, FAMILIES), "dev", {n: model(n) for n in heard}, seed=1)
    for one, two in zip(heard["one"], heard["two"], strict=True):
        np.testing.assert_array_equal(one, two)
    assert found["one"] == found["two"]
    assert [(p.swept, p.value) for p in found["one"]] == [(s, v) for s in SWEPT for v in SWEPT[s]]
    # Three flutes, named correctly, and three organs.
    assert {p.clips for p in found["one"]} == {6}
    assert {(p.top1, round(p.top_score, 3)) for p in found["one"]} == {(0.5, 0.7)}
    assert {round(p.true_score, 3) for p in found["one"]} == {0.45}
    quietest = heard["one"][6 * 9 : 6 * 10]
    assert all(abs(level_dbfs(samples) + 60.0) < 1.0 for samples in quietest)


def test_same_seed_gives_same_points(corpus: Path) -> None:
    def loudness(samples: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(np.abs(samples[: 3 * 16_000].reshape(3, -1)).max(axis=1), np.float32)

    every = read_corpus(corpus, FAMILIES)
    models = {"loudness": Model(FAMILIES, None, loudness)}
    assert sweep(every, "dev", models, seed=1) == sweep(every, "dev", models, seed=1)
    assert sweep(every, "dev", models, seed=1) != sweep(every, "dev", models, seed=2)
