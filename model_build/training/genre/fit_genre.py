"""Fit the layer that names the genre, from the outputs of the base network for clean sound.

The layer sees the embedding of the trained network for the sound of a room, and learns what the
base network says of the same sound without the room: Hinton et al., "Distilling the Knowledge in a
Neural Network" (2015). No recording with a label of its genre is needed.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.logits import sigmoid
from model_build.networks.genres import CLASSES_OF_GENRE
from model_build.networks.named_outputs import OutputLayer, build_trunk
from model_build.progress import with_progress
from model_build.recipe import Recipe
from model_build.run_folder import RunFolder
from model_build.training.genre.fitted_genre import FittedGenre, read_genre, write_genre
from model_build.training.train import load_fitted
from model_build.training.trunk_sha256 import trunk_sha256
from model_build.windows.features import made_features

if TYPE_CHECKING:
    import keras

WINDOWS = 20_000
"""Greatest number of training windows; more of them change the layer little."""
EPOCHS = 12
BATCH = 512
LEARNING_RATE = 0.002
WEIGHT_DECAY = 0.01
_WINDOWS_AT_ONCE = 64


def fit_genre(recipe: Recipe, run: RunFolder, *, resume: bool = False) -> FittedGenre | None:
    """Fit the genre layer on the training side, and write and return it.

    Return None if the recipe has no genre. With `resume`, a layer that was fitted to the current
    network is kept. Raises InputError if the network or the features are missing.
    """
    if not recipe.has_genre:
        return None
    made_features(recipe, run)
    trunk = build_trunk(load_fitted(run))
    network = trunk_sha256(trunk)
    if resume and run.genre.exists():
        found = read_genre(recipe, run)
        if found and found.trunk_sha256 == network:
            return found
    embeddings, targets = _examples(trunk, run)
    fitted = FittedGenre(_fitted(embeddings, targets, recipe.seed), network)
    write_genre(run, fitted)
    return fitted


def genre_targets(logits: NDArray[np.float16]) -> NDArray[np.float32]:
    """Return the share of each genre, (..., genres), for the base's class logits (..., 521).

    It is the sum over the genre's classes, at most 1.
    """
    scores = sigmoid(logits.astype(np.float32))
    sums = [scores[..., classes].sum(axis=-1) for classes in CLASSES_OF_GENRE.values()]
    return np.asarray(np.minimum(np.stack(sums, axis=-1), 1.0), np.float32)


def _examples(
    trunk: "keras.Model", run: RunFolder
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return embeddings (patches, 1024) in rooms, and the base's genres of the clean patches."""
    import tensorflow as tf

    embed = tf.function(trunk, reduce_retracing=True)
    patches, classes = run.windows("train").patches, run.teacher_outputs("train").classes
    count = min(WINDOWS, len(patches))
    embeddings, targets = [], []
    for start in with_progress(range(0, count, _WINDOWS_AT_ONCE), "embeddings for genres"):
        some = slice(start, min(count, start + _WINDOWS_AT_ONCE))
        flat = patches[some].reshape(-1, *patches.shape[2:]).astype(np.float32)
        embeddings.append(np.asarray(embed(flat, training=False)))
        targets.append(genre_targets(classes[some]).reshape(len(flat), -1))
    return np.concatenate(embeddings), np.concatenate(targets)


def _fitted(
    embeddings: NDArray[np.float32], targets: NDArray[np.float32], seed: int
) -> OutputLayer:
    """Return the logistic regression of each genre on the embedding."""
    import keras

    keras.utils.set_random_seed(seed)
    layer = keras.layers.Dense(targets.shape[-1])
    model = keras.Sequential([keras.Input(embeddings.shape[1:]), layer])
    model.compile(
        optimizer=keras.optimizers.AdamW(LEARNING_RATE, weight_decay=WEIGHT_DECAY),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    model.fit(embeddings, targets, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    kernel, bias = layer.get_weights()
    return OutputLayer(kernel, bias)
