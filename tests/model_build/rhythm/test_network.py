from pathlib import Path
from typing import Any

import numpy as np
import pytest

from daemon.practice.beats.beat_network import FEATURES
from model_build.rhythm import train
from model_build.rhythm.examples import Examples
from model_build.rhythm.network import as_numpy, keras_network, standardization


def random_examples(rng: np.random.Generator, songs: int, frames: int) -> Examples:
    """Features with a rise in every band on each beat, at a random tempo."""
    features = rng.normal(0.0, 0.1, (songs, frames, FEATURES))
    targets = np.zeros((songs, frames, 2))
    for song in range(songs):
        beats = np.arange(rng.integers(20), frames, rng.integers(18, 40))
        features[song, beats, FEATURES // 2 :] += 1.0
        targets[song, beats] = 1.0
    return Examples(features.astype(np.float16), targets.astype(np.float16))


def test_numpy_computes_what_keras_does() -> None:
    rng = np.random.default_rng(1)
    mean, deviation = rng.normal(size=FEATURES), rng.uniform(0.5, 2.0, FEATURES)
    network = keras_network()
    assert network.count_params() == 3_778
    for layer in network.layers:
        layer.set_weights([rng.normal(0.0, 0.3, w.shape) for w in layer.get_weights()])
    features = rng.normal(size=(300, FEATURES)).astype(np.float32)
    standardized = ((features - mean) / deviation).astype(np.float32)
    expected = np.asarray(network(standardized[None]))[0]
    numpy_network = as_numpy(network, mean, deviation)
    assert numpy_network.logits(features) == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_standardization_is_that_of_the_features() -> None:
    examples = random_examples(np.random.default_rng(2), 14, 50)
    mean, deviation = standardization(examples)
    some = examples.features[::7].astype(np.float32).reshape(-1, FEATURES)
    assert mean == pytest.approx(some.mean(axis=0), abs=1e-3)
    assert (deviation > some.std(axis=0)).all()


def test_excerpts_change_smoothly_from_band_to_band() -> None:
    bands = FEATURES // 2
    ones = np.ones((4, train.BATCH_FRAMES, FEATURES), np.float16)
    examples = Examples(ones, ones[..., :2])
    features, _ = train._excerpts(examples, np.random.default_rng(5))
    level, rise = features[..., :bands] - 1.0, np.log(features[..., bands:])
    for change in (level, rise):
        assert change == pytest.approx(np.broadcast_to(change[:, :1], change.shape), abs=1e-6)
        assert np.ptp(change[:, 0], axis=1).min() > 0.1
        assert np.abs(np.diff(change[:, 0])).max() < 0.5 * np.ptp(change)


def test_training_finds_beats_and_continues_after_an_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "STEPS_AN_EPOCH", 25)
    monkeypatch.setattr(train, "_WARM_UP_STEPS", 5)
    rng = np.random.default_rng(3)
    examples, held = random_examples(rng, 8, 720), random_examples(rng, 2, 720)

    def fit(folder: str, *, resume: bool = False) -> np.ndarray:
        network = train.train_network(
            examples, held, tmp_path / folder, epochs=4, seed=4, resume=resume
        )
        return network.activation(held.features[0].astype(np.float32))

    activation = fit("whole")
    beats = held.targets[0, :, 0] == 1.0
    assert activation[beats].mean() > 3.0 * activation[~beats].mean()
    excerpts, asked = train._excerpts, []

    def interrupted(*given: Any) -> Any:
        asked.append(given)
        if len(asked) > 60:
            raise ValueError("interrupted here")
        return excerpts(*given)

    monkeypatch.setattr(train, "_excerpts", interrupted)
    with pytest.raises(Exception, match="interrupted here"):  # TensorFlow's own kind of error
        fit("resumed")
    monkeypatch.setattr(train, "_excerpts", excerpts)
    assert fit("resumed", resume=True) == pytest.approx(activation, abs=0.02)
