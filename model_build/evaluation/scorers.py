"""Models of any make as the same function: some sound in, one score a family out."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.classifier import Classifier
from daemon.hearing.log_mel import LogMel
from daemon.hearing.patches import patches
from daemon.hearing.scorer import Scorer
from daemon.sound.window import WINDOW_SAMPLES, WINDOW_SECONDS, Window, WindowBuffer
from daemon.system.silenced_output import quiet_output
from model_build.evaluation.peer import peer_scores
from model_build.networks.audioset import CLASSES_OF_FAMILY

# As the corpus' own baseline was measured; it hears little difference.
PEER_PEAK = 0.5

Samples = NDArray[np.float32]
Scores = NDArray[np.float32]


class Ear(NamedTuple):
    """A model: its families, a threshold for each where it has them, and what it hears.

    `hear` takes samples (n,) at 16 kHz and gives the scores (families,) of their first 4 s; less
    than that is padded with silence.
    """

    families: tuple[str, ...]
    thresholds: tuple[float, ...] | None
    hear: Callable[[Samples], Scores]


def our_ear(classifier: Classifier) -> Ear:
    """A model file of ours, its windows cut and scored as the daemon's replay does it."""

    def hear(samples: Samples) -> Scores:
        return Scorer(classifier, gate_dbfs=None).hear(_daemons_window(samples)).scores

    return Ear(classifier.contract.families, classifier.contract.thresholds, hear)


def peer_ear(model: Path) -> Ear:
    """YAMNet, its classes mapped to families; it has no thresholds."""
    scores = peer_scores(model)

    def hear(samples: Samples) -> Scores:
        window = _window(samples)
        return scores(window * np.float32(PEER_PEAK / max(float(np.abs(window).max()), 1e-6)))

    return Ear(tuple(CLASSES_OF_FAMILY), None, hear)


def float_ear(network: Path, classifier: Classifier) -> Ear:
    """The Keras network that the classifier's was quantised from, read and calibrated as it is."""
    with quiet_output():  # TensorFlow greets in C++
        import keras

    fitted = keras.models.load_model(network, compile=False)
    contract = classifier.contract
    log_mel = LogMel(contract.front_end)

    def hear(samples: Samples) -> Scores:
        frames = log_mel.frames(_daemons_window(samples).samples)
        cut = patches(frames, contract.patch_starts, contract.patch_frames)
        logits = np.asarray(fitted(cut, training=False))
        return classifier.calibrated(logits.mean(axis=0, dtype=np.float32))

    return Ear(contract.families, contract.thresholds, hear)


def _daemons_window(samples: Samples) -> Window:
    buffer = WindowBuffer(WINDOW_SECONDS)
    return [*buffer.push(samples[:WINDOW_SAMPLES]), *buffer.finish()][0]


def _window(samples: Samples) -> Samples:
    window = samples[:WINDOW_SAMPLES]
    return np.pad(window, (0, WINDOW_SAMPLES - len(window)))
