"""A trained network of the lab."""

from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

from model_build.lab.experiment import Model
from model_build.lab.features.reading import Chunks, read_parts
from model_build.lab.models.memory import scored_at_once
from model_build.lab.models.model import NETWORK_FILE, Scores
from model_build.lab.models.trunk import trunk_values


class FrozenTrunk(NamedTuple):
    """A network whose trunk was not trained."""

    trunk: Model
    """What the trunk is."""
    head: keras.Model
    """From the trunk's output to the logits."""


class FittedNetwork:
    """A trained network, and the function that turns its logits into scores."""

    def __init__(
        self, model: keras.Model, *, is_softmax: bool, frozen: FrozenTrunk | None = None
    ) -> None:
        self.model = model
        self.is_softmax = is_softmax
        self.history: list[dict[str, float]] = []
        self._frozen = frozen

    def scores(self, chunks: Chunks) -> Scores:
        """Return the scores (chunks, classes) of some chunks, in 0..1."""
        return self._scores(self.model, chunks, np.arange(len(chunks)))

    def scores_at(self, values: Chunks, rows: NDArray[np.int64]) -> Scores:
        """Return the scores (rows, classes) of some rows of all chunks."""
        if self._frozen is None:
            return self._scores(self.model, values, rows)
        found = trunk_values(self._frozen.trunk, values, rows)
        return self._scores(self._frozen.head, found, np.arange(len(found)))

    def _scores(self, network: keras.Model, values: Chunks, rows: NDArray[np.int64]) -> Scores:
        most = scored_at_once(network)
        parts = [network.predict_on_batch(part) for part in read_parts(values, rows, most)]
        logits = np.concatenate(parts).astype(np.float64)
        if not self.is_softmax:
            return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -50.0, 50.0))))
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

    def save(self, folder: Path) -> None:
        """Write the network to a folder."""
        self.model.save(folder / NETWORK_FILE)
