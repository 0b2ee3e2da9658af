import numpy as np

from daemon.practice.harmony.chord_network import ChordNetwork
from daemon.practice.harmony.keys import FIGURES, Steadiness
from model_build.chords.examples import Example
from model_build.chords.key_confidence import (
    KeyExample,
    fitted_confidence,
    key_examples,
    summary,
)
from model_build.chords.network import first_weights


def made_examples(rng: np.random.Generator) -> list[KeyExample]:
    """Songs with high figures and half of them right, other sounds with low ones."""
    songs = [KeyExample(rng.normal(1.0, 0.3, FIGURES), float(k % 2)) for k in range(200)]
    others = [KeyExample(rng.normal(0.0, 0.3, FIGURES), None) for _ in range(200)]
    return songs + others


def test_the_confidence_lets_three_percent_of_other_sounds_through() -> None:
    examples = made_examples(np.random.default_rng(1))
    weights = fitted_confidence(examples)
    shown = [float(np.append(e.figures, 1.0) @ weights >= 0.0) for e in examples]
    assert np.mean(shown[:200]) > 0.95
    assert np.sum(shown[200:]) == 6
    assert "key of 200 songs: weighted 0.500, exact 0.500" in summary(examples, weights)
    assert "shown in 6 of 200 other sounds" in summary(examples, weights)


def test_steady_machines_and_single_chords_are_no_examples() -> None:
    rng = np.random.default_rng(2)
    network = ChordNetwork(first_weights(rng))

    def example(magnitudes: np.ndarray, kind: str, key: int | None) -> Example:
        frames = len(magnitudes)
        classes = np.zeros(frames, np.int64)
        return Example(magnitudes.astype(np.float32), Steadiness(0.5, 1.0), classes, key, kind)

    moving, still = rng.random((60, 60)) ** 8, np.ones((60, 1)) * rng.random(60) ** 8
    found = key_examples(
        network,
        [
            example(moving, "solo", 3),
            example(still, "household", None),
            example(moving, "single chords", None),
            example(moving, "drums", None),
        ],
    )
    assert len(found) == 2
    assert found[0].score is not None
    assert found[1].score is None
