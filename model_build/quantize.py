"""A run's fitted network in, the same as a full-int8 `.tflite` out, and how far they differ."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from daemon.log_mel import FrontEnd, LogMel
from daemon.quiet import quiet_output
from daemon.window import WINDOW_SAMPLES
from model_build.assemble import assemble, logits_of
from model_build.recipe import Recipe
from model_build.run_folder import RunFolder, write_json
from model_build.train import trained

if TYPE_CHECKING:
    import keras

NOISE_DBFS = -20.0

Patches = NDArray[np.float32]


def quantize(recipe: Recipe, run: RunFolder) -> dict[str, float]:
    """Write the run's bare int8 network; return the acceptance check's differences of score.

    Its ranges come from held-out windows, which are drawn over families, rooms and levels.
    """
    fitted = trained(run)
    run.network.write_bytes(converted(fitted, _representative(recipe, run)))
    differences = acceptance(recipe, run, fitted)
    write_json(run.acceptance, differences)
    return differences


def converted(fitted: "keras.Model", representative: Patches | None = None) -> bytes:
    """The network as `.tflite`: int8 inside where there are representative patches, else float32.

    Input (1, frames, bands) and output (1, families) are float32 either way. `representative` is
    (n, frames, bands).
    """
    import keras
    import tensorflow as tf

    with quiet_output():
        # A fixed batch of one: the daemon runs one patch at a time.
        patch = keras.Input(batch_shape=(1, *fitted.input_shape[1:]), name="patch")
        alone = keras.Model(patch, fitted(patch, training=False))
        converter = tf.lite.TFLiteConverter.from_keras_model(alone)
        if representative is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: ([patch[None]] for patch in representative)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        return bytes(converter.convert())


def acceptance(recipe: Recipe, run: RunFolder, fitted: "keras.Model") -> dict[str, float]:
    """Greatest differences of score, by sound: Keras to float `.tflite`, and that to int8.

    The sounds are silence, white noise, and one held-out window of each family.
    """
    with TemporaryDirectory() as folder:
        bare = Path(folder, "float.tflite")
        bare.write_bytes(converted(fitted))
        network = logits_of(assemble(bare, Path(folder, "model.tflite"), recipe))
        quantised = logits_of(assemble(run.network, Path(folder, "int8.tflite"), recipe))
        differences = {}
        for name, patches in _sounds(recipe, run).items():
            by_keras = _scores(np.asarray(fitted(patches, training=False)))
            by_float = _scores(network(patches))
            by_int8 = _scores(quantised(patches))
            differences[f"{name}, keras to float"] = float(np.abs(by_keras - by_float).max())
            differences[f"{name}, float to int8"] = float(np.abs(by_float - by_int8).max())
    return differences


def _sounds(recipe: Recipe, run: RunFolder) -> dict[str, Patches]:
    """Patches (n, frames, bands) by what is heard in them."""
    noise = np.random.default_rng(recipe.seed).standard_normal(WINDOW_SAMPLES).astype(np.float32)
    noise *= np.float32(10.0 ** (NOISE_DBFS / 20.0))
    sounds = {
        "silence": _patches(recipe, np.zeros(WINDOW_SAMPLES, np.float32)),
        "white noise": _patches(recipe, noise),
    }
    held = run.windows("held")
    for index, family in enumerate(recipe.families):
        alone = np.flatnonzero((held.labels[:, index] == 1) & (held.labels.sum(axis=1) == 1))
        for window in alone[:1]:
            sounds[family] = held.patches[window].astype(np.float32)
    return sounds


def _patches(recipe: Recipe, samples: NDArray[np.float32]) -> Patches:
    frames = LogMel(FrontEnd()).frames(samples)
    return np.stack([frames[s : s + recipe.patches.frames] for s in recipe.patches.starts])


def _representative(recipe: Recipe, run: RunFolder) -> Patches:
    patches = run.windows("held").patches
    chosen = patches[: recipe.representative_windows].astype(np.float32)
    return chosen.reshape(-1, *chosen.shape[2:])


def _scores(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    return 1.0 / (1.0 + np.exp(-logits.astype(np.float64)))
