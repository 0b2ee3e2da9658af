"""A run's features in, its fitted network out: weights, history and environment, in its folder."""

import importlib.metadata
import platform
import shutil
import sys
from typing import TYPE_CHECKING

from daemon.log_mel import FrontEnd
from daemon.quiet import quiet_output
from model_build.dataset import in_order, shuffled
from model_build.features import made_features
from model_build.loss import window_loss
from model_build.models import network, pooled
from model_build.recipe import Recipe
from model_build.run_folder import RunFolder, write_json

if TYPE_CHECKING:
    import keras

WARM_UP_STEPS = 250
WATCHED = "val_average_precision"
_PACKAGES = ("timbrel", "tensorflow-cpu", "tensorflow", "keras", "numpy", "soxr", "soundfile")


def train(recipe: Recipe, run: RunFolder, *, resume: bool = False) -> dict[str, float]:
    """Fit the network; return the last epoch's figures. Its best weights on the held side stay.

    `resume` goes on after the last whole epoch of a run that was interrupted. Raises InputError
    when the features are missing or were made by other settings.
    """
    made_features(recipe, run)
    with quiet_output():  # TensorFlow greets in C++
        import keras

    keras.utils.set_random_seed(recipe.seed)
    if not resume:
        shutil.rmtree(run.backup, ignore_errors=True)
    fitted = build(recipe)
    model = pooled(fitted, recipe.training.patches_at_once)
    training, windows = recipe.training, run.windows("train")
    steps = max(1, len(windows.labels) // training.batch_windows)
    model.compile(
        optimizer=_optimiser(recipe, steps),
        loss=window_loss(
            label_smoothing=training.label_smoothing, ranking_weight=training.ranking_weight
        ),
        metrics=[_average_precision(recipe)],
    )
    history = model.fit(
        shuffled(windows, training, recipe.seed, FrontEnd().log_offset),
        epochs=training.epochs,
        shuffle=False,  # the batches come shuffled
        steps_per_epoch=steps,
        validation_data=in_order(run.windows("held"), training),
        callbacks=_callbacks(recipe, run),
        verbose=1 if sys.stdout.isatty() else 2,  # a bar, or a line an epoch
    )
    fitted.save_weights(run.weights)
    write_json(run.history, history.history)
    write_json(run.environment, environment())
    return {name: float(values[-1]) for name, values in history.history.items()}


def build(recipe: Recipe) -> "keras.Model":
    """The recipe's network, its weights not yet fitted."""
    bands = FrontEnd().bands
    return network(recipe.network, recipe.patches.frames, bands, len(recipe.families))


def trained(recipe: Recipe, run: RunFolder) -> "keras.Model":
    """The run's network with its fitted weights; raises InputError when there are none."""
    weights = run.needed(run.weights, "train")
    fitted = build(recipe)
    fitted.load_weights(weights)
    return fitted


def environment() -> dict[str, str]:
    """Versions of what may change a result, and the machine."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _optimiser(recipe: Recipe, steps: int) -> "keras.optimizers.Optimizer":
    """AdamW with a short warm-up and a cosine down to zero."""
    import keras

    training = recipe.training
    warm_up = min(WARM_UP_STEPS, steps)
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=training.learning_rate / 20.0,
        warmup_target=training.learning_rate,
        warmup_steps=warm_up,
        decay_steps=max(1, steps * training.epochs - warm_up),
    )
    return keras.optimizers.AdamW(rate, weight_decay=training.weight_decay)


def _average_precision(recipe: Recipe) -> "keras.metrics.Metric":
    """Area under precision and recall, the mean over families."""
    import keras

    return keras.metrics.AUC(
        curve="PR",
        multi_label=True,
        num_labels=len(recipe.families),
        from_logits=True,
        name="average_precision",
    )


def _callbacks(recipe: Recipe, run: RunFolder) -> "list[keras.callbacks.Callback]":
    import keras

    return [
        keras.callbacks.BackupAndRestore(run.backup),
        keras.callbacks.EarlyStopping(
            monitor=WATCHED,
            mode="max",
            patience=recipe.training.patience_epochs,
            restore_best_weights=True,
        ),
    ]
