"""A run's fitted network in, the same as a full-int8 `.tflite` out, and how far they differ."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.hearing.logits import sigmoid
from daemon.hearing.patches import patches
from daemon.sound.window import WINDOW_SAMPLES
from daemon.system.silenced_output import quiet_output
from model_build.augmentations.level import level
from model_build.recipe import Recipe
from model_build.run_folder import RunFolder, write_json
from model_build.training.assemble import assemble, logits_of
from model_build.training.train import trained
from model_build.windows.used_clips import held_clips

if TYPE_CHECKING:
    import keras

SOUND_DBFS = -20.0
EVERY_SOUND = "all sounds"

Patches = NDArray[np.float32]
Logits = Callable[[Patches], NDArray[np.float32]]  # (n, frames, bands) to (n, families)


def quantize(recipe: Recipe, run: RunFolder) -> dict[str, float]:
    """Write the run's bare int8 network; return the acceptance check's differences of score.

    Its ranges come from held-out windows, which are drawn over families, rooms and levels.
    """
    fitted = trained(run)
    with TemporaryDirectory() as folder:
        saved = exported(fitted, Path(folder, "saved"))
        run.network.write_bytes(converted(saved, _representative(recipe, run)))
        networks = {
            "keras": _by_keras(fitted),
            "savedmodel": _by_savedmodel(saved),
            "float": _by_tflite(converted(saved), Path(folder, "float.tflite"), recipe),
            "int8": _by_tflite(run.network.read_bytes(), Path(folder, "int8.tflite"), recipe),
        }
        differences = acceptance(networks, _sounds(recipe, run))
    write_json(run.acceptance, differences)
    return differences


def exported(fitted: "keras.Model", folder: Path) -> Path:
    """Write the network as a SavedModel; return its folder.

    Input is (1, frames, bands), since the daemon runs one patch at a time; output (1, families).
    """
    import keras

    with quiet_output():
        patch = keras.Input(batch_shape=(1, *fitted.input_shape[1:]), name="patch")
        alone = keras.Model(patch, fitted(patch, training=False))
        alone.export(folder, verbose=False)
    return folder


def converted(saved: Path, representative: Patches | None = None) -> bytes:
    """A SavedModel as `.tflite`: int8 inside where there are representative patches, else float32.

    Input and output are float32 either way. `representative` is (n, frames, bands).
    """
    import tensorflow as tf

    with quiet_output():
        converter = tf.lite.TFLiteConverter.from_saved_model(str(saved))
        if representative is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: ([patch[None]] for patch in representative)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        return bytes(converter.convert())


def acceptance(networks: Mapping[str, Logits], sounds: Mapping[str, Patches]) -> dict[str, float]:
    """Greatest differences of score that each conversion made, by sound and over all of them.

    The networks are in the order in which each is converted into the next.
    """
    differences: dict[str, float] = {}
    for before, after in pairwise(networks):
        conversion = f"{before} to {after}"
        for name, some in sounds.items():
            moved = sigmoid(networks[before](some)) - sigmoid(networks[after](some))
            differences[f"{name}, {conversion}"] = float(np.abs(moved).max())
        every = [differences[f"{name}, {conversion}"] for name in sounds]
        differences[f"{EVERY_SOUND}, {conversion}"] = max(every)
    return differences


def _by_keras(fitted: "keras.Model") -> Logits:
    return lambda patches: np.asarray(fitted(patches, training=False))


def _by_savedmodel(saved: Path) -> Logits:
    import tensorflow as tf

    with quiet_output():
        # Held on to as a whole: what it serves by does not keep its weights alive.
        loaded = tf.saved_model.load(str(saved))
    return lambda patches: np.concatenate([loaded.serve(patch[None]) for patch in patches])


def _by_tflite(bare: bytes, model: Path, recipe: Recipe) -> Logits:
    """As the daemon runs it."""
    file = model.with_suffix(".bare")
    file.write_bytes(bare)
    return logits_of(assemble(file, model, recipe))


def _sounds(recipe: Recipe, run: RunFolder) -> dict[str, Patches]:
    """Patches (n, frames, bands) by what is heard in them.

    Silence, white noise, speech where any was held back, and a held-back window of each family.
    """
    noise = np.random.default_rng(recipe.seed).standard_normal(WINDOW_SAMPLES).astype(np.float32)
    sounds = {
        "silence": _patches(recipe, np.zeros(WINDOW_SAMPLES, np.float32)),
        "white noise": _patches(recipe, level(noise, dbfs=SOUND_DBFS)),
    }
    clips, read = held_clips(run)
    for clip in [c for c in clips if (c.kind, c.label) == ("negative", "speech")][:1]:
        window = np.resize(read(clip), WINDOW_SAMPLES)
        sounds["speech"] = _patches(recipe, level(window, dbfs=SOUND_DBFS))
    held = run.windows("held")
    for index, family in enumerate(recipe.families):
        # Nobody knows what plays where a label is 255.
        alone = np.flatnonzero((held.labels[:, index] == 1) & (held.labels.sum(axis=1) == 1))
        for window in alone[:1]:
            sounds[family] = held.patches[window].astype(np.float32)
    return sounds


def _patches(recipe: Recipe, samples: NDArray[np.float32]) -> Patches:
    frames = LogMel(FrontEnd()).frames(samples)
    return patches(frames, recipe.patches.starts, recipe.patches.frames)


def _representative(recipe: Recipe, run: RunFolder) -> Patches:
    patches = run.windows("held").patches
    chosen = patches[: recipe.representative_windows].astype(np.float32)
    return chosen.reshape(-1, *chosen.shape[2:])
