"""Fit the note network to the blocks of clips."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.practice.notes.front_end import NoteFrontEnd
from daemon.practice.notes.note_creation import CONTOUR_BINS
from daemon.practice.notes.stacking import stacked
from daemon.system.files.whole_file import whole_file
from model_build.notes.material.clip_files import BLOCK_CLIPS, TRAIN, read_block
from model_build.notes.model_weights import is_model_file, take_model_weights
from model_build.notes.network import build_clip_network
from model_build.notes.recipe import NoteRecipe
from model_build.notes.run_files import NoteRun
from model_build.progress import with_progress
from model_build.run_folder import write_json

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

_BLOCKS_AT_ONCE = 4
_SAVED_EVERY_STEPS = 200
_WARM_UP_STEPS = 100
_LOWEST_RATE_SHARE = 0.01
_GRADIENT_NORM = 1.0
_EDGE_FRAMES = 3
"""Frames at either end of a clip that the loss ignores, because the padding reaches them."""
_POSITIVE_WEIGHTS = {"activation": 2.0, "onset": 3.0, "pitch": 2.0}
"""How much more a target of 1 counts than one of 0, because keys rarely sound."""


class Batch(NamedTuple):
    """Some clips."""

    frames: NDArray[np.float32]
    """Stacked, (clips, frames, 264, 11)."""
    targets: NDArray[np.float32]
    """(clips, frames, 88, 6): activation, onset, contour, and the weight of the first two."""


def train(
    recipe: NoteRecipe, run: NoteRun, *, weights: Path | None = None, resume: bool = False
) -> None:
    """Fit the network and write it with averaged weights to `run.fitted`.

    It begins with the weights of `weights`, if given: a fitted network or a model file. With
    `resume`, an interrupted training continues after its last saved step. Raises InputError if the
    clips or the weights are missing, or if the weights are those of another network.
    """
    import tensorflow as tf

    tf.keras.utils.set_random_seed(recipe.seed)
    steps_an_epoch = -(-recipe.clips.train // recipe.training.batch_clips)
    total = min(recipe.training.epochs * steps_an_epoch, recipe.training.most_steps)
    fitting = _Fitting(recipe, total)
    if weights:
        fitting.begin_with(weights, next(_batches(recipe, run, 0)).frames)
    state_file = run.backup / "state.npz"
    done, losses = 0, list[dict[str, float]]()
    if resume and state_file.exists():
        done = fitting.restore(state_file)
        losses = msgspec.json.decode(run.history.read_bytes(), type=list[dict[str, float]])
    sums, count = np.zeros(len(_POSITIVE_WEIGHTS)), 0
    batches = islice(_batches(recipe, run, done), max(0, total - done))
    for step, batch in enumerate(with_progress(batches, "training", total - done), done + 1):
        sums, count = sums + fitting.step(batch), count + 1
        if step % _SAVED_EVERY_STEPS == 0 or step == total:
            mean = (float(value) for value in sums / count)
            losses.append({"step": step, **dict(zip(_POSITIVE_WEIGHTS, mean, strict=True))})
            print(", ".join(f"{name} {value:.4g}" for name, value in losses[-1].items()))
            write_json(run.history, losses)
            fitting.save(state_file, step)
            sums, count = np.zeros(len(_POSITIVE_WEIGHTS)), 0
    fitting.averaged().save(run.fitted)


class _Fitting:
    """The network, its optimizer and the running average of its weights."""

    def __init__(self, recipe: NoteRecipe, total_steps: int) -> None:
        import keras
        import tensorflow as tf

        settings = recipe.training
        self._layers = settings.layers()
        self._model = build_clip_network(self._layers, recipe.clips.frames)
        warm_up = min(_WARM_UP_STEPS, max(1, total_steps // 10))
        rate = keras.optimizers.schedules.CosineDecay(
            settings.learning_rate / warm_up,
            max(1, total_steps - warm_up),
            alpha=_LOWEST_RATE_SHARE,
            warmup_target=settings.learning_rate,
            warmup_steps=warm_up,
        )
        self._optimizer = keras.optimizers.AdamW(
            rate, weight_decay=settings.weight_decay, global_clipnorm=_GRADIENT_NORM
        )
        self._optimizer.build(self._model.trainable_variables)
        self._average = [tf.Variable(weight) for weight in self._model.weights]
        self._step_number = tf.Variable(0.0)
        self._compiled = tf.function(self._one_step)
        self._settings = settings

    def begin_with(self, path: Path, clips: NDArray[np.float32]) -> None:
        """Take over the weights of a fitted network, or of a model file with the help of clips."""
        network = build_clip_network(self._layers)
        if is_model_file(path):
            take_model_weights(network, self._layers, path, clips)
            self._take(network)
            return
        try:
            network.load_weights(path)
        except (OSError, ValueError) as error:
            raise InputError(
                f"{path}: is not a note network of these settings; name a network.keras of a run "
                "with the same channels, or leave out --weights"
            ) from error
        self._take(network)

    def _take(self, network: "keras.Model") -> None:
        self._model.set_weights(network.get_weights())
        for average, weight in zip(self._average, network.get_weights(), strict=True):
            average.assign(weight)

    def step(self, batch: Batch) -> NDArray[np.float64]:
        """Take one step; return the losses of activation, onset and contour."""
        return np.array(self._compiled(batch.frames, batch.targets), np.float64)

    def averaged(self) -> "keras.Model":
        """Return a network for clips of any length with the averaged weights."""
        network = build_clip_network(self._layers)
        network.set_weights([weight.numpy() for weight in self._average])
        return network

    def save(self, path: Path, step: int) -> None:
        """Write the whole state, so that training can continue after `step`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as fresh, fresh.open("wb") as file:
            np.savez(file, step, *[np.asarray(variable) for variable in self._variables()])

    def restore(self, path: Path) -> int:
        """Read a state; return the number of steps that were taken."""
        with np.load(path) as saved:
            for index, variable in enumerate(self._variables(), 1):
                variable.assign(saved[f"arr_{index}"])
            return int(saved["arr_0"])

    def _variables(self) -> list[Any]:
        return [
            *self._model.weights,
            *self._optimizer.variables,
            *self._average,
            self._step_number,
        ]

    def _one_step(self, frames: "tf.Tensor", targets: "tf.Tensor") -> list["tf.Tensor"]:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            logits = self._model(frames, training=True)
            losses = _losses(logits, targets)
            weights = 1.0, self._settings.onset_weight, self._settings.pitch_weight
            total = tf.add_n([w * loss for w, loss in zip(weights, losses, strict=True)])
        variables = self._model.trainable_variables
        gradients = tape.gradient(total, variables)
        self._optimizer.apply_gradients(zip(gradients, variables, strict=True))
        self._step_number.assign_add(1.0)
        # In the beginning, the average is over all steps so far.
        kept = tf.minimum(self._settings.averaging, 1.0 - 1.0 / (self._step_number + 1.0))
        for average, weight in zip(self._average, self._model.weights, strict=True):
            average.assign(kept * average + (1.0 - kept) * tf.convert_to_tensor(weight))
        return losses


def _losses(logits: "tf.Tensor", targets: "tf.Tensor") -> list["tf.Tensor"]:
    """Return the binary cross-entropies of activation, onset and contour."""
    import tensorflow as tf

    inside = slice(_EDGE_FRAMES, -_EDGE_FRAMES)
    logits, targets = logits[:, inside], targets[:, inside]
    positive = list(_POSITIVE_WEIGHTS.values())
    weight = targets[..., 2 + CONTOUR_BINS]
    losses = [
        tf.reduce_mean(
            weight
            * tf.nn.weighted_cross_entropy_with_logits(
                targets[..., index], logits[..., index], positive[index]
            )
        )
        for index in (0, 1)
    ]
    contour = slice(2, 2 + CONTOUR_BINS)
    losses.append(
        tf.reduce_mean(
            tf.nn.weighted_cross_entropy_with_logits(
                targets[..., contour], logits[..., contour], positive[2]
            )
        )
    )
    return losses


def _batches(recipe: NoteRecipe, run: NoteRun, skipped: int) -> Iterator[Batch]:
    """Yield the batches of all epochs but the first `skipped` ones."""
    size, front_end = recipe.training.batch_clips, NoteFrontEnd()
    blocks = [
        run.needed(run.block(TRAIN, number), "notes train")
        for number in range(-(-recipe.clips.train // BLOCK_CLIPS))
    ]
    number = 0
    for epoch in range(recipe.training.epochs):
        rng = np.random.default_rng((recipe.seed, 6, epoch))
        left: list[tuple[NDArray[Any], ...]] = []
        order = rng.permutation(len(blocks))
        for first in range(0, len(blocks), _BLOCKS_AT_ONCE):
            left += _clips([blocks[index] for index in order[first : first + _BLOCKS_AT_ONCE]])
            is_last = first + _BLOCKS_AT_ONCE >= len(blocks)
            rng.shuffle(left)
            while len(left) >= size or (is_last and left):
                chosen, left = left[:size], left[size:]
                number += 1
                if number > skipped:
                    yield _batch(chosen, front_end)


def _clips(paths: Sequence[Path]) -> list[tuple[NDArray[Any], ...]]:
    """Return the frames and targets of each clip of some blocks."""
    clips: list[tuple[NDArray[Any], ...]] = []
    for path in paths:
        frames, targets = read_block(path)
        clips += zip(frames, *targets, strict=True)
    return clips


def _batch(clips: Sequence[tuple[NDArray[Any], ...]], front_end: NoteFrontEnd) -> Batch:
    frames = [stacked(clip[0].astype(np.float32), front_end) for clip in clips]
    targets = []
    for _, activation, onset, pitch, weight in clips:
        contour = pitch.reshape(*activation.shape, CONTOUR_BINS)
        whole = [activation[..., None], onset[..., None], contour, weight[..., None]]
        targets.append(np.concatenate(whole, axis=-1).astype(np.float32) / 255.0)
    return Batch(np.stack(frames), np.stack(targets))
