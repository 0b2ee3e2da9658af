"""A trained network of the lab."""

from pathlib import Path

import keras
import numpy as np

from model_build.lab.models.model import Chunks, Scores

FILE = "model.keras"

_CHUNKS_AT_ONCE = 256


class FittedNetwork:
    """A trained network, and the function that turns its logits into scores."""

    def __init__(self, model: keras.Model, *, is_softmax: bool) -> None:
        self.model = model
        self.is_softmax = is_softmax
        self.history: list[dict[str, float]] = []

    def scores(self, chunks: Chunks) -> Scores:
        """Return the scores (chunks, classes) of some chunks, in 0..1."""
        parts = [
            self.model.predict_on_batch(np.array(chunks[start : start + _CHUNKS_AT_ONCE]))
            for start in range(0, len(chunks), _CHUNKS_AT_ONCE)
        ]
        logits = np.concatenate(parts).astype(np.float64)
        if not self.is_softmax:
            return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -50.0, 50.0))))
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

    def save(self, folder: Path) -> None:
        """Write the network to a folder."""
        self.model.save(folder / FILE)
