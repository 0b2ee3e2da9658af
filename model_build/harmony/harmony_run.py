"""A run: fit the baseline, the network and its correction, quantize, measure, write the model."""

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from model_build.harmony.material import Material, read_material
from model_build.harmony.recipe import read_harmony_recipe
from model_build.harmony.run_files import HarmonyFolder, kept_arrays
from model_build.harmony.run_state import Run

if TYPE_CHECKING:
    from model_build.harmony.hidden_markov import HiddenMarkov
    from model_build.harmony.network import HarmonyNetwork


def run_harmony(
    recipe: Path,
    data: Path,
    run: Path | None,
    *,
    output: Path | None,
    workers: int | None = None,
) -> None:
    """Make the harmoniser's model and measure it; print a table.

    What an earlier run in the same folder has fitted with the same settings is kept. The model is
    also copied to `output`. Raises InputError if the recipe is wrong or material is missing.
    """
    read = read_harmony_recipe(recipe)
    folder = HarmonyFolder(run or Path("runs") / read.name)
    current = Run(read, folder, read_material(data, folder), workers)
    _print_material(current.material)
    _use_one_thread()
    from model_build.harmony.correction_fit import fit_correction
    from model_build.harmony.finish import finish

    network = fitted_network(current)
    print("fitting the correction", flush=True)
    correction = fit_correction(
        network,
        current.material.real,
        passes=read.correction.passes,
        penalty=read.correction.penalty,
    )
    baseline = fitted_baseline(current)
    print("quantizing and measuring", flush=True)
    finish(current, network, correction, baseline, output)


def fitted_network(run: Run) -> "HarmonyNetwork":
    """Return the fitted network."""
    import keras

    from model_build.harmony.fit import assign, fit
    from model_build.harmony.network import HarmonyNetwork

    recipe, material = run.recipe, run.material

    def built() -> HarmonyNetwork:
        keras.utils.set_random_seed(recipe.seed)
        return HarmonyNetwork(**msgspec.to_builtins(recipe.network))

    def make() -> list[Any]:
        network = built()
        fit(network, recipe.fit, material, np.random.default_rng(recipe.seed))
        return [variable.numpy() for variable in network.variables]

    path = run.folder.fitted(_hash(recipe.seed, recipe.network, recipe.fit))
    weights = kept_arrays(path, make)
    # A new one, whose random numbers are the same whether it was fitted now or before.
    network = built()
    assign(network, weights)
    return network


def fitted_baseline(run: Run) -> "HiddenMarkov":
    """Return the fitted hidden Markov model."""
    from model_build.harmony.baseline import fit_baseline
    from model_build.harmony.hidden_markov import HiddenMarkov

    recipe, material = run.recipe, run.material

    def make() -> list[Any]:
        rng = np.random.default_rng(recipe.seed)
        model = fit_baseline(recipe.baseline, material, rng)
        return [model.first, model.transitions, model.emissions]

    path = run.folder.baseline(_hash(recipe.seed, recipe.baseline))
    return HiddenMarkov(*kept_arrays(path, make))


def _print_material(material: Material) -> None:
    for name, count in material.left_out.items():
        print(f"{name}: {count} chorales left out, because they overlap with valid or test")
    print(
        f"training: {len(material.real)} chorales of music21, {len(material.fakes)} fakes; "
        f"{material.leaked:.2%} of the test windows of six beats are in them",
        flush=True,
    )


def _hash(*settings: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(settings)).hexdigest()


def _use_one_thread() -> None:
    """Keep TensorFlow on one thread, so that the result does not depend on the machine."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
