"""What every fitted model can do."""

from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from model_build.lab.features.reading import Chunks
from model_build.lab.features.truth import Truth

Scores = NDArray[np.float64]

LOGITS = "logits"
"""Name of the last layer of a network."""
CURVES = "epochs.jsonl"
"""File with a line of JSON for each epoch of a training."""
CLASSICAL_FILE, NETWORK_FILE = "model.joblib", "model.keras"
"""File of a saved model of scikit-learn, and of a saved network."""


class Watched(NamedTuple):
    """Chunks on which the loss is shown after each epoch; they decide nothing."""

    rows: NDArray[np.int64]
    """The chunks."""
    owners: NDArray[np.int64]
    """The place in `truth` of each chunk's recording."""
    truth: Truth
    """The labels of the recordings."""


class TrainingSet(NamedTuple):
    """The chunks that a model is fitted to."""

    values: Chunks
    """The chunks of all recordings, (chunks, frames, values); not all are used."""
    rows: NDArray[np.int64]
    """The chunks that are used."""
    owners: NDArray[np.int64]
    """The place in `truth` of the recording of each used chunk."""
    truth: Truth
    """The labels of the recordings."""
    weights: NDArray[np.float64]
    """The weight of each recording."""
    groups: list[str]
    """The group of each recording."""
    watched: Watched | None = None
    """The chunks to validate, of the same `values`; None for a final model."""


class Fitted(Protocol):
    """A fitted model."""

    def scores(self, chunks: Chunks) -> Scores:
        """Return the scores (chunks, classes) of some chunks, in 0..1."""

    def scores_at(self, values: Chunks, rows: NDArray[np.int64]) -> Scores:
        """Return the same for some rows of all chunks; a trunk's output for these may be kept."""

    def save(self, folder: Path) -> None:
        """Write the model to an existing folder."""
