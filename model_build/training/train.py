"""Fit a run's network to its features; write the network, its history and the environment."""

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from daemon.system.files.whole_file import whole_file
from model_build.networks.quiet_keras import import_keras
from model_build.networks.yamnet import base_of
from model_build.recipe import Recipe
from model_build.run_folder import RunFolder, write_json
from model_build.training.distillation import plan_distillation
from model_build.training.environment import describe_environment
from model_build.training.fit_plan import FitPlan
from model_build.training.from_scratch import plan_from_scratch
from model_build.training.optimiser import build_optimiser
from model_build.training.resumption import completed_epochs, is_finished
from model_build.windows.features import made_features

if TYPE_CHECKING:
    import keras


def train(
    recipe: Recipe, run: RunFolder, *, resume: bool = False, base: Path | None = None
) -> dict[str, float]:
    """Fit the network and keep its best weights on the held-out side.

    Returns the figures of the last epoch. With `resume`, an interrupted training continues after
    its last completed epoch, and a finished one is left alone. A recipe with a `teaching:` section
    starts from `base`. Raises InputError if the base is missing, or if the features are missing or
    were made with other settings.
    """
    made_features(recipe, run)
    if resume and is_finished(run):
        return _last_epoch(msgspec.json.decode(run.history.read_bytes()))
    import_keras()
    import keras

    keras.utils.set_random_seed(recipe.seed)
    run.fitted.unlink(missing_ok=True)
    if not resume:
        shutil.rmtree(run.backup, ignore_errors=True)
    plan = _plan(recipe, run, base)
    history = _fit(plan, recipe, run)
    write_json(run.history, history)
    write_json(run.environment, describe_environment())
    with whole_file(run.fitted) as fresh:
        plan.shipped().save(fresh)
    return _last_epoch(history)


def load_fitted(run: RunFolder) -> "keras.Model":
    """Load the run's fitted network, from patch to logits. Raises InputError if it is missing."""
    fitted = run.needed(run.fitted, "train")
    import_keras()
    import keras

    return keras.models.load_model(fitted, compile=False)


def _plan(recipe: Recipe, run: RunFolder, base: Path | None) -> FitPlan:
    if recipe.teaching is not None:
        base = base_of(base)
        first_epoch = completed_epochs(run)
        return plan_distillation(recipe, recipe.teaching, run, base, first_epoch=first_epoch)
    if recipe.network is not None:
        return plan_from_scratch(recipe, recipe.network, run, first_epoch=completed_epochs(run))
    raise AssertionError("a recipe has one of both")


def _fit(plan: FitPlan, recipe: Recipe, run: RunFolder) -> dict[str, list[float]]:
    """Fit the plan's model; return each figure by epoch."""
    steps = max(1, len(run.windows("train").labels) // recipe.training.batch_windows)
    plan.model.compile(
        optimizer=build_optimiser(recipe.training, steps),
        loss=plan.losses,
        loss_weights=plan.loss_weights,
        metrics=plan.metrics,
    )
    fitting = plan.model.fit(
        plan.training,
        epochs=recipe.training.epochs,
        shuffle=False,  # the batches are shuffled already
        steps_per_epoch=steps,
        validation_data=plan.held,
        callbacks=_callbacks(recipe, run, plan.watched),
        verbose=1 if sys.stdout.isatty() else 2,  # a progress bar, or one line per epoch
    )
    history: dict[str, list[float]] = fitting.history
    return history


def _callbacks(recipe: Recipe, run: RunFolder, watched: str) -> "list[keras.callbacks.Callback]":
    import keras

    from model_build.networks.backup import Backup

    return [
        Backup(run.backup),
        keras.callbacks.EarlyStopping(
            monitor=watched,
            mode="min" if watched.endswith("loss") else "max",
            patience=recipe.training.patience_epochs,
            restore_best_weights=True,
        ),
    ]


def _last_epoch(history: dict[str, list[float]]) -> dict[str, float]:
    return {name: float(values[-1]) for name, values in history.items()}
