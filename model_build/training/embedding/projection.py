"""Compute the projection that tells instruments apart best: whitening and LDA in one layer."""

import numpy as np
from numpy.typing import NDArray

from model_build.networks.named_outputs import OutputLayer

SHRINKAGE = 0.3
"""Weight of the identity in the covariance, so that hundreds of instruments are enough.

On held-out instruments, 0.3 and 0.6 named a few more right than 0.01 to 0.1, mostly in rooms.
"""


def instrument_projection(
    windows: NDArray[np.float32], instruments: NDArray[np.int64], values: int
) -> OutputLayer:
    """Return the layer of `values` outputs that separates instruments, from window embeddings.

    `windows` is (recordings, versions, base values), `instruments` (recordings,) the number of each
    recording's instrument. The embeddings are whitened by their covariance within instruments,
    which covers rooms, microphones, levels and notes (Hatch and Stolcke, "Generalized linear
    kernels for one-versus-all classification: application to speaker recognition", 2006). Then the
    directions in which the means of the instruments differ most are kept (Fisher, "The use of
    multiple measurements in taxonomic problems", 1936). Every instrument has the same weight. The
    mean over the instruments becomes 0, so that the cosine of two embeddings compares them. Raises
    ValueError if there are not more instruments than `values`.
    """
    count = int(instruments.max()) + 1 if len(instruments) else 0
    if count <= values:
        raise ValueError(f"{count} instruments give at most {max(0, count - 1)} values")
    means = np.stack(
        [windows[instruments == one].mean(axis=(0, 1), dtype=np.float64) for one in range(count)]
    )
    whitening = _whitening(_within(windows, instruments, means))
    centre = means.mean(axis=0)
    _, directions = np.linalg.eigh(np.cov((means - centre) @ whitening, rowvar=False, bias=True))
    kernel = whitening @ directions[:, ::-1][:, :values]
    return OutputLayer(kernel.astype(np.float32), (-centre @ kernel).astype(np.float32))


def _within(
    windows: NDArray[np.float32], instruments: NDArray[np.int64], means: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean over instruments of the covariance around their means, (values, values)."""
    weights = 1.0 / np.bincount(instruments)[instruments] / len(means) / windows.shape[1]
    covariance = np.zeros((windows.shape[2],) * 2)
    for recording, instrument, weight in zip(windows, instruments, weights, strict=True):
        apart = recording - means[instrument]
        covariance += weight * apart.T @ apart
    return covariance


def _whitening(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrix that makes the shrunk covariance the identity.

    Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices"
    (2004): the target is the identity, scaled to the same total variance.
    """
    size = len(covariance)
    target = np.trace(covariance) / size * np.eye(size)
    powers, axes = np.linalg.eigh((1.0 - SHRINKAGE) * covariance + SHRINKAGE * target)
    return np.asarray(axes / np.sqrt(powers), np.float64)
