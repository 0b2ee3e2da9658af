"""Trunks: the convolutions of YAMNet, or of the built-in model, which began as YAMNet.

A layer's output is reduced to its mean and its highest value over time and bands. It is computed
for patches of 96 frames, as these networks work with nothing else, and averaged over a chunk.
"""

import functools
import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from model_build.lab.experiment import Model
from model_build.lab.experiment.model import LAST_TRUNK_LAYER
from model_build.lab.features.front_end import LOG_OFFSET
from model_build.lab.features.reading import Chunks, read_chunks, read_parts
from model_build.lab.models.starting_weights import trunk_file
from model_build.networks.earlier_model import read_trunk
from model_build.networks.yamnet import BANDS, PATCH_FRAMES, read_layers
from model_build.networks.yamnet_network import convolved

_SILENCE = float(np.log(LOG_OFFSET))
_HOP_FRAMES = PATCH_FRAMES // 2
_PATCHES_AT_ONCE = 64


def build_trunk(model: Model, frames: int) -> keras.Model:
    """Return a network from a chunk (frames, 64) to the output of the trunk's layer, (values,)."""
    patch = keras.Input((PATCH_FRAMES, BANDS))
    path = trunk_file(model)
    layers = read_trunk(path) if model.trunk_of == "built-in" else read_layers(path)
    image = convolved(patch, iter(layers), model.trunk_layer or LAST_TRUNK_LAYER)
    both = [keras.layers.GlobalAveragePooling2D()(image), keras.layers.GlobalMaxPooling2D()(image)]
    of_patch = keras.Model(patch, keras.layers.Concatenate()(both), name="patch_trunk")
    chunk = keras.Input((frames, BANDS))
    return keras.Model(chunk, _mean_of_patches(of_patch, chunk, frames), name="trunk")


@functools.lru_cache(maxsize=1)
def frozen_trunk(model: Model, frames: int) -> keras.Model:
    """Return such a network that is never trained, and so is the same one for all folds."""
    trunk = build_trunk(model, frames)
    trunk.trainable = False
    return trunk


def trunk_values(
    model: Model, values: Chunks, rows: NDArray[np.int64] | None = None
) -> NDArray[np.float32]:
    """Return the trunk's output (chunks, values) for some chunks (chunks, frames, 64).

    If `values` is the whole file of an experiment's features, the output of all its chunks is kept
    in a file beside it, used again, and mapped.
    """
    kept = _kept_file(model, values)
    if kept is None:
        return _computed(model, values, rows)
    if not kept.is_file():
        # A folder of its own, because other folds may write the same file at this moment.
        with tempfile.TemporaryDirectory(prefix=".new-", dir=kept.parent) as folder:
            fresh = Path(folder, kept.name)
            _write(fresh, model, values)
            fresh.replace(kept)
    every: NDArray[np.float32] = np.load(kept, mmap_mode="r")
    return every if rows is None else read_chunks(every, rows)


def _kept_file(model: Model, values: Chunks) -> Path | None:
    file = getattr(values, "filename", None)
    # A part of the file has its name, too.
    if file is None or Path(file).stat().st_size != values.nbytes:
        return None
    weights = hashlib.sha256(trunk_file(model).read_bytes()).hexdigest()[:16]
    layer = model.trunk_layer or LAST_TRUNK_LAYER
    return Path(file).with_name(f"{model.trunk_of}-{layer}-{weights}.npy")


def _computed(model: Model, values: Chunks, rows: NDArray[np.int64] | None) -> NDArray[np.float32]:
    rows = np.arange(len(values)) if rows is None else rows
    return np.concatenate(list(_outputs(model, values, rows)))


def _write(path: Path, model: Model, values: Chunks) -> None:
    """Write the output of all chunks to a file, a few at a time."""
    size = frozen_trunk(model, values.shape[1]).output_shape[1]
    file = np.lib.format.open_memmap(path, "w+", np.float32, (len(values), size))
    start = 0
    for output in _outputs(model, values, np.arange(len(values))):
        file[start : start + len(output)] = output
        start += len(output)
    file.flush()


def _outputs(
    model: Model, values: Chunks, rows: NDArray[np.int64]
) -> Iterator[NDArray[np.float32]]:
    frames = values.shape[1]
    network = frozen_trunk(model, frames)
    most = max(1, _PATCHES_AT_ONCE // len(_patch_starts(frames)))
    for part in read_parts(values, rows, most):
        yield network.predict_on_batch(part)


def _mean_of_patches(of_patch: keras.Model, chunk: Any, frames: int) -> Any:
    """Return the mean over patches that overlap by half; a short chunk is padded with silence."""
    if frames <= PATCH_FRAMES:
        return of_patch(_padded(chunk, PATCH_FRAMES - frames))
    found = [of_patch(chunk[:, at : at + PATCH_FRAMES]) for at in _patch_starts(frames)]
    return keras.layers.Average()(found) if len(found) > 1 else found[0]


def _patch_starts(frames: int) -> range:
    """Return the first frame of each patch of a chunk; a short chunk has one patch."""
    return range(0, max(frames - PATCH_FRAMES, 0) + 1, _HOP_FRAMES)


def _padded(chunk: Any, missing: int) -> Any:
    if not missing:
        return chunk
    return keras.ops.pad(chunk, ((0, 0), (0, missing), (0, 0)), constant_values=_SILENCE)
