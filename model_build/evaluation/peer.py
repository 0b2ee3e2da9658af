"""YAMNet as a stand-in for our model: a window in, one score a family out, to measure beside it.

Scores are averaged as the corpus' own baseline does.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.classifier import load_network
from model_build.networks.audioset import CLASSES_OF_FAMILY

FRAME_SAMPLES = 15_600
HOP_SAMPLES = FRAME_SAMPLES // 2


def peer_scores(model: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """A function from samples (n,), at least 15 600, to scores (12,), a family each.

    Raises InputError when the file is no YAMNet in TFLite's format.
    """
    interpreter = load_network(model)
    heard, said = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    if tuple(heard["shape"]) != (FRAME_SAMPLES,):
        raise InputError(f"peer {model}: takes {heard['shape']}, not YAMNet's [{FRAME_SAMPLES}]")

    def scores(samples: NDArray[np.float32]) -> NDArray[np.float32]:
        frames = []
        for frame in sliding_window_view(samples, FRAME_SAMPLES)[::HOP_SAMPLES].copy():
            interpreter.set_tensor(heard["index"], frame)
            interpreter.invoke()
            classes = interpreter.get_tensor(said["index"])[0].astype(np.float32)
            frames.append([classes[indices].max() for indices in CLASSES_OF_FAMILY.values()])
        return np.asarray(np.mean(frames, axis=0), np.float32)

    return scores
