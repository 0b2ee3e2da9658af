"""The networks of the lab: chunks (frames, values) in, one logit per class out."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from daemon.errors import InputError
from model_build.lab.experiment import Model
from model_build.lab.models.model import LOGITS

_DROPOUT = 0.3
_UNITS = (256, 128)
_FILTERS = (32, 64, 128)
_HEADS, _WIDTH, _LAYERS = 4, 128, 1

_MOMENTUM = 0.9
"""Share of a batch normalisation's averages that each step keeps. Keras' 0.99 needs hundreds of
steps to forget its start, more than a small experiment has."""

_RESNET34 = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))
"""Filters, blocks and the stride of the first block of each stage: He et al. (2016), table 1."""
_SMALLEST_IMAGE = 32
"""Keras' ResNet50 halves its input five times."""


def network(
    model: Model,
    *,
    frames: int,
    values: int,
    classes: int,
    mean: Sequence[float] | None = None,
    variance: Sequence[float] | None = None,
) -> keras.Model:
    """Return a network that is not trained yet; each band is normalised by `mean`, `variance`."""
    chunk = keras.Input((frames, values))
    hidden = chunk
    if mean is not None and variance is not None:
        hidden = layers.Normalization(axis=-1, mean=np.array(mean), variance=np.array(variance))(
            chunk
        )
    dropout = _DROPOUT if model.dropout is None else model.dropout
    hidden = _BODIES[model.kind](model, hidden, dropout)
    return keras.Model(chunk, logits(hidden, classes))


def logits(hidden: Any, classes: int) -> Any:
    """Return the last layer's output; it is float32 also if the others compute in bfloat16."""
    return layers.Dense(classes, name=LOGITS, dtype="float32")(hidden)


def head(
    model: Model, values: int, classes: int, mean: Sequence[float], variance: Sequence[float]
) -> keras.Model:
    """Return a network from a trunk's output (values,), which it normalises, to the logits."""
    found = keras.Input((values,))
    hidden = layers.Normalization(axis=-1, mean=np.array(mean), variance=np.array(variance))(found)
    for units in model.units or ():
        hidden = layers.Dense(units, "relu")(hidden)
    hidden = layers.Dropout(_DROPOUT if model.dropout is None else model.dropout)(hidden)
    return keras.Model(found, logits(hidden, classes), name="head")


def _pooled(model: Model, image: Any) -> Any:
    if model.pool == "max":
        return layers.GlobalMaxPooling2D()(image)
    return layers.GlobalAveragePooling2D()(image)


def statistics(chunk: Any) -> list[Any]:
    """Return mean, deviation, lowest and highest value over time of a chunk (frames, values)."""
    return [
        keras.ops.mean(chunk, axis=1),
        keras.ops.std(chunk, axis=1),
        keras.ops.min(chunk, axis=1),
        keras.ops.max(chunk, axis=1),
    ]


def _mlp(model: Model, chunk: Any, dropout: float) -> Any:
    """Statistics over time, then fully connected layers."""
    hidden = layers.Concatenate()(statistics(chunk))
    for units in model.units or _UNITS:
        hidden = layers.Dense(units, "relu")(hidden)
        hidden = layers.Dropout(dropout)(hidden)
    return hidden


def _mel_cnn(model: Model, chunk: Any, dropout: float) -> Any:
    """Convolutions of 3 x 3, each halving frames and bands, then the mean over the rest."""
    hidden = _as_image(chunk)
    for filters in model.filters or _FILTERS:
        hidden = _convolution(hidden, filters, 3)
        hidden = layers.MaxPooling2D(2, padding="same")(hidden)
    return layers.Dropout(dropout)(_pooled(model, hidden))


def _musicnet_cnn(_model: Model, chunk: Any, dropout: float) -> Any:
    """Two convolutions of 32 and 64 filters and a fully connected layer."""
    hidden = _as_image(chunk)
    for filters in (32, 64):
        hidden = layers.Conv2D(filters, 3, padding="same", activation="relu")(hidden)
        hidden = layers.MaxPooling2D(2, padding="same")(hidden)
    hidden = layers.GlobalAveragePooling2D()(hidden)
    hidden = layers.Dense(128, "relu")(hidden)
    return layers.Dropout(dropout)(hidden)


def _nsynth_cnn(_model: Model, chunk: Any, dropout: float) -> Any:
    """Three convolutions of 5 x 5 with stride 2, for the many bins of an STFT."""
    hidden = _as_image(chunk)
    for filters in (16, 32, 64):
        hidden = _convolution(hidden, filters, 5, stride=2)
    hidden = layers.GlobalAveragePooling2D()(hidden)
    return layers.Dropout(dropout)(hidden)


def _transformer(model: Model, chunk: Any, dropout: float) -> Any:
    """Encoder layers over the frames, with sinusoidal positions: Vaswani et al. (2017)."""
    width, heads = model.width or _WIDTH, model.heads or _HEADS
    hidden = layers.Dense(width)(chunk) + _positions(chunk.shape[1], width)
    for _ in range(model.layers or _LAYERS):
        attended = layers.MultiHeadAttention(heads, width // heads, dropout=dropout)(hidden, hidden)
        hidden = layers.LayerNormalization()(hidden + layers.Dropout(dropout)(attended))
        fed = layers.Dense(width)(layers.Dense(2 * width, "relu")(hidden))
        hidden = layers.LayerNormalization()(hidden + layers.Dropout(dropout)(fed))
    return layers.GlobalAveragePooling1D()(hidden)


def _positions(frames: int, width: int) -> Any:
    """Return sines and cosines of each frame's number, (1, frames, width)."""
    steps = np.arange(frames)[:, None]
    angles = steps / 10_000.0 ** (2 * (np.arange(width) // 2) / width)
    table = np.where(np.arange(width) % 2, np.cos(angles), np.sin(angles))
    return keras.ops.convert_to_tensor(table[None].astype(np.float32))


def _resnet34(model: Model, chunk: Any, dropout: float) -> Any:
    """The residual network of 34 layers: He et al., "Deep Residual Learning" (2016)."""
    hidden = _convolution(_as_image(chunk), 64, 7, stride=2)
    hidden = layers.MaxPooling2D(3, 2, padding="same")(hidden)
    for filters, blocks, stride in _RESNET34:
        for block in range(blocks):
            hidden = _residual(hidden, filters, 1 if block else stride)
    return layers.Dropout(dropout)(_pooled(model, hidden))


def _residual(image: Any, filters: int, stride: int) -> Any:
    hidden = _convolution(image, filters, 3, stride=stride)
    hidden = layers.Conv2D(filters, 3, padding="same", use_bias=False)(hidden)
    hidden = layers.BatchNormalization(momentum=_MOMENTUM)(hidden)
    if stride > 1 or image.shape[-1] != filters:
        image = layers.Conv2D(filters, 1, stride, use_bias=False)(image)
        image = layers.BatchNormalization(momentum=_MOMENTUM)(image)
    return layers.ReLU()(hidden + image)


def _resnet50(model: Model, chunk: Any, dropout: float) -> Any:
    """Keras' ResNet50, with random weights or those of a .h5 file; small chunks are padded.

    Raises InputError if the file cannot be read.
    """
    image = _as_image(chunk)
    weights = None
    if model.weights and model.weights.endswith(".h5"):
        weights = str(Path(model.weights).expanduser())
        # They are made for colours.
        image = layers.Concatenate()([image] * 3)
    missing = [max(0, _SMALLEST_IMAGE - size) for size in image.shape[1:3]]
    image = layers.ZeroPadding2D(((0, missing[0]), (0, missing[1])))(image)
    try:
        body = keras.applications.ResNet50(
            include_top=False, weights=weights, input_shape=image.shape[1:], name="resnet50"
        )
    except (ValueError, OSError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"model.weights: {weights} has no weights of ResNet50 without its top: {reason}"
        ) from None
    for layer in body.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = _MOMENTUM
    return layers.Dropout(dropout)(_pooled(model, body(image)))


def _as_image(chunk: Any) -> Any:
    return layers.Reshape((*chunk.shape[1:], 1))(chunk)


def _convolution(image: Any, filters: int, size: int, *, stride: int = 1) -> Any:
    hidden = layers.Conv2D(filters, size, stride, padding="same", use_bias=False)(image)
    return layers.ReLU()(layers.BatchNormalization(momentum=_MOMENTUM)(hidden))


_BODIES: dict[str, Callable[[Model, Any, float], Any]] = {
    "mlp": _mlp,
    "mel-cnn": _mel_cnn,
    "musicnet-cnn": _musicnet_cnn,
    "nsynth-cnn": _nsynth_cnn,
    "transformer": _transformer,
    "resnet34": _resnet34,
    "resnet50": _resnet50,
}
