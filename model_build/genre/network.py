"""YAMNet's network with only the classes that name genres, and the one of music."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from daemon.hearing.model_file import GENRE
from daemon.practice.genre.genre_contract import MUSIC
from model_build.networks.genres import CLASSES_OF_GENRE
from model_build.networks.yamnet import read_layers
from model_build.networks.yamnet_network import build_yamnet

if TYPE_CHECKING:
    import keras

_MUSIC_CLASS = 132

_CLASSES = {**CLASSES_OF_GENRE, MUSIC: [_MUSIC_CLASS]}
CLASS_NAMES = tuple(name for name, indices in _CLASSES.items() for _ in indices)
"""The genre of each output of the network, or `music`."""


def build_genre_network(base: Path) -> "keras.Model":
    """Return the float network from a patch (96, 64) to the logits `genre`, (classes,).

    Raises InputError if `base` is not YAMNet.
    """
    import keras

    yamnet = build_yamnet(base)
    kernel, bias = read_layers(base)[-1]
    indices = [index for chosen in _CLASSES.values() for index in chosen]
    layer = keras.layers.Dense(len(indices), name="classes")
    logits = layer(yamnet.get_layer("embedding").output)
    layer.set_weights([np.ascontiguousarray(kernel[indices].T), bias[indices]])
    return keras.Model(yamnet.input, {GENRE: logits}, name="genre")
