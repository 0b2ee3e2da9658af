"""The models that are compared, all with the same interface: samples in, family scores out."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.classifier import Classifier, load_network
from daemon.hearing.log_mel import LogMel
from daemon.hearing.model_file import Contract
from daemon.hearing.patches import patches
from daemon.hearing.scorer import Scorer
from daemon.sound.window import WINDOW_SAMPLES, WINDOW_SECONDS, Window, WindowBuffer
from model_build.networks.audioset import CLASSES_OF_FAMILY
from model_build.networks.peer import peer_scores
from model_build.networks.quiet_keras import import_keras

# The level in the measurement of the corpus' baseline; other levels give nearly the same scores.
PEER_PEAK = 0.5

Samples = NDArray[np.float32]
Scores = NDArray[np.float32]


class Model(NamedTuple):
    """A model to be measured."""

    families: tuple[str, ...]
    """The meaning of its scores, in order."""
    thresholds: tuple[float, ...] | None
    """A threshold in 0..1 for each family; None if it has none."""
    score: Callable[[Samples], Scores]
    """Returns the scores (families,) of the first 4 s of samples (n,) at 16 kHz.

    Shorter sound is padded with silence.
    """


class ModelSource(NamedTuple):
    """A model of ours that each process loads by itself."""

    network: Path
    """A model file, or a network that is not assembled yet."""
    contract: Contract
    """The contract of the network."""

    def classifier(self) -> Classifier:
        """Load the network. Raises InputError if it cannot be used with the contract."""
        return Classifier(load_network(self.network), self.contract, name=f"network {self.network}")


def our_model(classifier: Classifier) -> Model:
    """Return a model of ours; windows are cut and scored as in the daemon's replay."""

    def score(samples: Samples) -> Scores:
        return Scorer(classifier, gate_dbfs=None).hear(daemon_window(samples)).scores

    return Model(classifier.contract.families, classifier.contract.thresholds, score)


def peer_model(path: Path) -> Model:
    """Return YAMNet with its classes mapped to families. Raises InputError for another file."""
    scores = peer_scores(path)

    def score(samples: Samples) -> Scores:
        window = _padded_window(samples)
        return scores(window * np.float32(PEER_PEAK / max(float(np.abs(window).max()), 1e-6)))

    return Model(tuple(CLASSES_OF_FAMILY), None, score)


def float_model(network: Path, classifier: Classifier) -> Model:
    """Return the Keras network before quantization, with the classifier's contract."""
    import_keras()
    import keras

    fitted = keras.models.load_model(network, compile=False)
    contract = classifier.contract
    log_mel = LogMel(contract.front_end)

    def score(samples: Samples) -> Scores:
        frames = log_mel.frames(daemon_window(samples).samples)
        cut = patches(frames, contract.patch_starts, contract.patch_frames)
        logits = np.asarray(fitted(cut, training=False))
        return classifier.calibrated(logits.mean(axis=0, dtype=np.float32))

    return Model(contract.families, contract.thresholds, score)


def daemon_window(samples: Samples) -> Window:
    """Return the first window of samples (n,), padded with silence, as the daemon cuts it."""
    buffer = WindowBuffer(WINDOW_SECONDS)
    return [*buffer.push(samples[:WINDOW_SAMPLES]), *buffer.finish()][0]


def _padded_window(samples: Samples) -> Samples:
    window = samples[:WINDOW_SAMPLES]
    return np.pad(window, (0, WINDOW_SAMPLES - len(window)))
