"""YAMNet as a peer: the scores of a window, one per family.

Scores are averaged in the same way as in the corpus' baseline.
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


ClassScores = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""A function from samples (n,), n at least 15 600, to the scores of AudioSet's classes by frame."""


def peer_scores(model: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Return a function from samples (n,), n at least 15 600, to scores (12,), one per family.

    Raises InputError if the file is not YAMNet as a `.tflite`.
    """
    by_frame = peer_classes(model)

    def scores(samples: NDArray[np.float32]) -> NDArray[np.float32]:
        frames = by_frame(samples)
        families = [frames[:, indices].max(axis=1) for indices in CLASSES_OF_FAMILY.values()]
        return np.asarray(np.mean(families, axis=1), np.float32)

    return scores


def peer_classes(model: Path) -> ClassScores:
    """Return a function from samples to the scores of all classes, (frames, 521).

    Raises InputError if the file is not YAMNet as a `.tflite`.
    """
    interpreter = load_network(model)
    inputs, outputs = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    if tuple(inputs["shape"]) != (FRAME_SAMPLES,):
        raise InputError(
            f"peer {model}: is not YAMNet: its input is {inputs['shape']}, not [{FRAME_SAMPLES}]"
        )

    def classes(samples: NDArray[np.float32]) -> NDArray[np.float32]:
        frames = []
        for frame in sliding_window_view(samples, FRAME_SAMPLES)[::HOP_SAMPLES].copy():
            interpreter.set_tensor(inputs["index"], frame)
            interpreter.invoke()
            frames.append(interpreter.get_tensor(outputs["index"])[0].astype(np.float32))
        return np.stack(frames)

    return classes
