"""Fit the beat network to examples."""

import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.practice.beats.beat_network import BANDS, BeatNetwork
from model_build.networks.quiet_keras import import_keras
from model_build.rhythm.examples import Examples
from model_build.rhythm.network import as_numpy, keras_network, standardization

STEPS_AN_EPOCH = 500
"""Batches between two backups."""
BATCH, BATCH_FRAMES = 8, 700
"""Excerpts of a batch, and the frames of each: 14 s."""

_PEAK_LEARNING_RATE, _WARM_UP_STEPS = 3e-3, 200
_DOWNBEAT_WEIGHT = 0.5
# Other instruments and microphones: the level and the strength of the rises change, as a whole and
# from octave to octave.
_LEVEL_NEPERS, _RISE_FACTOR = 0.35, 0.2
_BAND_LEVEL_NEPERS, _BAND_RISE_FACTOR = 0.5, 0.4
_KNOTS = 6


def train_network(
    examples: Examples, held: Examples, folder: Path, *, epochs: int, seed: int, resume: bool
) -> BeatNetwork:
    """Return the network fitted in epochs of 500 batches; print the loss on `held` of each.

    With `resume`, an interrupted training continues after the last epoch that `folder` holds.
    Uses one thread.
    """
    keras = _keras_with_one_thread()
    from model_build.networks.backup import Backup

    backup = folder / "backup"
    if not resume:
        shutil.rmtree(backup, ignore_errors=True)
    keras.utils.set_random_seed(seed)
    mean, deviation = standardization(examples)
    network = keras_network()
    network.compile(optimizer=_optimizer(keras, epochs * STEPS_AN_EPOCH), loss=_loss)
    batches = _batches(keras, examples, mean, deviation, seed)
    network.fit(
        batches,
        epochs=epochs,
        shuffle=False,
        validation_data=(_standardized(held.features, mean, deviation), _targets(held.targets)),
        callbacks=[
            Backup(backup),
            keras.callbacks.LambdaCallback(on_epoch_begin=batches.begin),
        ],
        verbose=1 if sys.stdout.isatty() else 2,
    )
    return as_numpy(network, mean, deviation)


def _keras_with_one_thread() -> Any:
    import_keras()
    import keras
    import tensorflow as tf

    with suppress(RuntimeError):  # TensorFlow is in use already and keeps its threads.
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    return keras


def _optimizer(keras: Any, steps: int) -> Any:
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps, warmup_target=_PEAK_LEARNING_RATE, warmup_steps=_WARM_UP_STEPS, alpha=0.0
    )
    return keras.optimizers.Adam(rate)


def _loss(wanted: Any, logits: Any) -> Any:
    """Return the mean cross-entropy of beats and, with half of the weight, downbeats."""
    import tensorflow as tf

    entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels=wanted, logits=logits)
    return tf.reduce_mean(entropy * tf.constant([1.0, _DOWNBEAT_WEIGHT]))


def _standardized(
    features: NDArray[Any], mean: NDArray[np.float32], deviation: NDArray[np.float32]
) -> NDArray[np.float32]:
    standardized: NDArray[np.float32] = (features.astype(np.float32) - mean) / deviation
    return standardized


def _targets(wanted: NDArray[np.float16]) -> NDArray[np.float32]:
    return wanted.astype(np.float32)


def _batches(
    keras: Any,
    examples: Examples,
    mean: NDArray[np.float32],
    deviation: NDArray[np.float32],
    seed: int,
) -> Any:
    """Return random excerpts; each batch has its own chance, so that training can be resumed."""

    class Batches(keras.utils.PyDataset):  # type: ignore[misc]
        epoch = 0

        def begin(self, epoch: int, _logs: object = None) -> None:
            self.epoch = epoch

        def __len__(self) -> int:
            return STEPS_AN_EPOCH

        def __getitem__(self, number: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            rng = np.random.default_rng((seed, self.epoch, number))
            features, wanted = _excerpts(examples, rng)
            return _standardized(features, mean, deviation), wanted

    return Batches()


def _excerpts(
    examples: Examples, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return features (8, 700, 42) and targets (8, 700, 2) of random excerpts."""
    rows = rng.integers(len(examples.features), size=BATCH)
    starts = rng.integers(examples.features.shape[1] - BATCH_FRAMES + 1, size=BATCH)
    places = list(zip(rows.tolist(), starts.tolist(), strict=True))
    features = np.stack([examples.features[r, s : s + BATCH_FRAMES] for r, s in places])
    wanted = np.stack([examples.targets[r, s : s + BATCH_FRAMES] for r, s in places])
    heard = features.astype(np.float32)
    heard[:, :, :BANDS] += _balance(rng, _LEVEL_NEPERS, _BAND_LEVEL_NEPERS)
    heard[:, :, BANDS:] *= np.exp(_balance(rng, _RISE_FACTOR, _BAND_RISE_FACTOR))
    return heard, _targets(wanted)


def _balance(rng: np.random.Generator, whole: float, bands: float) -> NDArray[np.float32]:
    """Return a smooth random curve over the bands for each excerpt, (8, 1, 21).

    `whole` is the standard deviation of its mean, `bands` that of its independent knots.
    """
    knots = rng.normal(0.0, bands, (BATCH, _KNOTS)) + rng.normal(0.0, whole, (BATCH, 1))
    places = np.linspace(0.0, _KNOTS - 1.0, BANDS)
    curves = np.stack([np.interp(places, np.arange(_KNOTS), row) for row in knots])
    return curves[:, None, :].astype(np.float32)
