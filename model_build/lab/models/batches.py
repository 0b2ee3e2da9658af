"""Batches of training chunks, with their random changes."""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from model_build.lab.experiment import Augmentation
from model_build.lab.features.reading import Chunks, read_chunks


class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras is untyped
    """Batches (chunks, targets, weights), in another random order each epoch.

    A batch depends only on the seed, the epoch and its number, so that an interrupted training can
    continue as if nothing had happened.
    """

    def __init__(
        self,
        values: Chunks,
        rows: NDArray[np.int64],
        targets: NDArray[np.float32],
        weights: NDArray[np.float32],
        *,
        batch_chunks: int,
        augmentation: Augmentation | None,
        seed: int,
    ) -> None:
        super().__init__()
        self.epoch, self.seed = 0, seed
        self._values, self._rows = values, rows
        self._targets, self._weights = targets, weights
        self._size = batch_chunks
        self._augmentation = augmentation or Augmentation()

    def __len__(self) -> int:
        return (len(self._rows) + self._size - 1) // self._size

    def __getitem__(self, number: int) -> tuple[Any, Any, Any]:
        order = np.random.default_rng((self.seed, self.epoch)).permutation(len(self._rows))
        chosen = order[number * self._size : (number + 1) * self._size]
        rng = np.random.default_rng((self.seed, self.epoch, number))
        chunks = read_chunks(self._values, self._rows[chosen])
        targets = self._targets[chosen]
        mask(chunks, self._augmentation, rng)
        mix = _mixing(self._augmentation, int(rng.integers(2**31)))
        if mix and rng.random() < self._augmentation.mix_probability:
            mixed = mix({"images": chunks[..., None], "labels": targets}, training=True)
            chunks = np.asarray(mixed["images"])[..., 0]
            targets = np.asarray(mixed["labels"])
        return chunks, targets, self._weights[chosen]


def _mixing(augmentation: Augmentation, seed: int) -> Any:
    """Return Keras' layer that mixes the examples of a batch; None for no mixing."""
    if augmentation.mixup_alpha:
        return keras.layers.MixUp(augmentation.mixup_alpha, seed=seed)
    if augmentation.cutmix_alpha:
        return keras.layers.CutMix(augmentation.cutmix_alpha, seed=seed)
    return None


def mask(chunks: Chunks, augmentation: Augmentation, rng: np.random.Generator) -> None:
    """Replace neighbouring frames and bands of each chunk by the chunk's mean, in place.

    Park et al., "SpecAugment" (2019).
    """
    if not (augmentation.masked_frames or augmentation.masked_bands):
        return
    count, frames, bands = chunks.shape
    hidden = _spans(count, frames, augmentation.masked_frames, rng)[:, :, None]
    hidden = hidden | _spans(count, bands, augmentation.masked_bands, rng)[:, None, :]
    np.copyto(chunks, chunks.mean(axis=(1, 2), keepdims=True), where=hidden)


def _spans(
    count: int, size: int, largest_share: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return (count, size): True in one random span of each row."""
    lengths = rng.integers(0, round(largest_share * size) + 1, count)
    starts = rng.integers(0, size - lengths + 1)
    places = np.arange(size)
    inside: NDArray[np.bool_] = (places >= starts[:, None]) & (places < (starts + lengths)[:, None])
    return inside
