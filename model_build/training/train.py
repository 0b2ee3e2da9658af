"""A run's features in, its fitted network out: weights, history and environment, in its folder."""

import importlib.metadata
import platform
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from daemon.hearing.log_mel import FrontEnd
from daemon.system.silenced_output import quiet_output
from daemon.system.whole_file import whole_file
from model_build.networks.convolutional import network, pooled
from model_build.networks.loss import classes_loss, embedding_loss, known_window_loss, window_loss
from model_build.networks.student import graduate, pupil, schooled
from model_build.networks.yamnet import base_of
from model_build.recipe import Network, Recipe, Teaching
from model_build.run_folder import SIDES, RunFolder, write_json
from model_build.windows.dataset import in_order, shuffled
from model_build.windows.features import made_features
from model_build.windows.teacher_dataset import with_teacher_outputs

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

WARM_UP_STEPS = 250
_PACKAGES = ("timbrel", "tensorflow-cpu", "tensorflow", "keras", "numpy", "soxr", "soundfile")


class _Course(NamedTuple):
    """All that a fit needs: what is fitted, the network within it that is shipped, data, losses."""

    model: "keras.Model"
    shipped: Callable[[], "keras.Model"]
    training: "tf.data.Dataset"
    held: "tf.data.Dataset"
    losses: Any
    loss_weights: dict[str, float] | None
    metrics: Any
    watched: str


def train(
    recipe: Recipe, run: RunFolder, *, resume: bool = False, base: Path | None = None
) -> dict[str, float]:
    """Fit the network; return the last epoch's figures. Its best weights on the held side stay.

    `resume` goes on after the last whole epoch of a run that was interrupted, and leaves one alone
    that was not; a recipe for teaching starts from `base`. Raises InputError when the features are
    missing or were made by other settings, or the base is.
    """
    made_features(recipe, run)
    if resume and _is_done(run):
        return _last(msgspec.json.decode(run.history.read_bytes()))
    with quiet_output():  # TensorFlow greets in C++
        import keras

    keras.utils.set_random_seed(recipe.seed)
    run.fitted.unlink(missing_ok=True)
    if not resume:
        shutil.rmtree(run.backup, ignore_errors=True)
    course = _course(recipe, run, base)
    steps = max(1, len(run.windows("train").labels) // recipe.training.batch_windows)
    course.model.compile(
        optimizer=_optimiser(recipe, steps),
        loss=course.losses,
        loss_weights=course.loss_weights,
        metrics=course.metrics,
    )
    history = course.model.fit(
        course.training,
        epochs=recipe.training.epochs,
        shuffle=False,  # the batches come shuffled
        steps_per_epoch=steps,
        validation_data=course.held,
        callbacks=_callbacks(recipe, run, course.watched),
        verbose=1 if sys.stdout.isatty() else 2,  # a bar, or a line an epoch
    )
    write_json(run.history, history.history)
    write_json(run.environment, environment())
    with whole_file(run.fitted) as fresh:
        course.shipped().save(fresh)
    return _last(history.history)


def trained(run: RunFolder) -> "keras.Model":
    """The run's fitted network, patch to logits; raises InputError when there is none."""
    fitted = run.needed(run.fitted, "train")
    with quiet_output():  # TensorFlow greets in C++
        import keras

    return keras.models.load_model(fitted, compile=False)


def _course(recipe: Recipe, run: RunFolder, base: Path | None) -> _Course:
    if recipe.teaching is not None:
        return _taught(recipe, recipe.teaching, run, base_of(base))
    if recipe.network is not None:
        return _from_scratch(recipe, recipe.network, run)
    raise AssertionError("a recipe has one of both")


def _from_scratch(recipe: Recipe, table: Network, run: RunFolder) -> _Course:
    training, bands = recipe.training, FrontEnd().bands
    fitted = network(table, recipe.patches.frames, bands, len(recipe.families))
    return _Course(
        model=pooled(fitted, training.patches_at_once),
        shipped=lambda: fitted,
        training=shuffled(
            run.windows("train"),
            training,
            recipe.seed,
            FrontEnd().log_offset,
            first_epoch=_epochs_done(run),
        ),
        held=in_order(run.windows("held"), training),
        losses=window_loss(
            label_smoothing=training.label_smoothing, ranking_weight=training.ranking_weight
        ),
        loss_weights=None,
        metrics=[_average_precision(recipe)],
        watched="val_average_precision",
    )


def _taught(recipe: Recipe, teaching: Teaching, run: RunFolder, base: Path) -> _Course:
    training = recipe.training
    fitted = pupil(teaching, base, recipe.families)
    sides = {
        side: with_teacher_outputs(
            run.windows(side),
            run.teacher_outputs(side),
            training,
            recipe.seed,
            endless=side == "train",
            first_epoch=_epochs_done(run),
        )
        for side in SIDES
    }
    return _Course(
        model=schooled(fitted, training.patches_at_once),
        shipped=lambda: graduate(fitted, teaching, base, recipe.families),
        training=sides["train"],
        held=sides["held"],
        losses={
            "embedding": embedding_loss,
            "classes": classes_loss,
            "logits": known_window_loss(
                label_smoothing=training.label_smoothing, ranking_weight=training.ranking_weight
            ),
        },
        loss_weights={
            "embedding": teaching.embedding_weight,
            "classes": teaching.classes_weight,
            "logits": teaching.family_weight,
        },
        metrics=None,
        watched="val_logits_loss",
    )


def _is_done(run: RunFolder) -> bool:
    """Whether the network was fitted to these features, to the end."""
    if not run.fitted.exists() or run.backup.exists():
        return False
    return run.fitted.stat().st_mtime >= run.features.stat().st_mtime


def _last(history: dict[str, list[float]]) -> dict[str, float]:
    return {name: float(values[-1]) for name, values in history.items()}


def _epochs_done(run: RunFolder) -> int:
    """After how many epochs the fit goes on, as Keras' BackupAndRestore left it in its folder.

    An interruption may cut that file short: the backup is then removed and the fit starts anew.
    """
    metadata = run.backup / "training_metadata.json"
    if not metadata.exists():
        return 0
    try:
        return int(msgspec.json.decode(metadata.read_bytes())["epoch"])
    except msgspec.DecodeError:
        print(f"{metadata}: cut short by the interruption; training starts anew", file=sys.stderr)
        shutil.rmtree(run.backup)
        return 0


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


def _callbacks(recipe: Recipe, run: RunFolder, watched: str) -> "list[keras.callbacks.Callback]":
    import keras

    return [
        keras.callbacks.BackupAndRestore(run.backup),
        keras.callbacks.EarlyStopping(
            monitor=watched,
            mode="min" if watched.endswith("loss") else "max",
            patience=recipe.training.patience_epochs,
            restore_best_weights=True,
        ),
    ]
