"""A small network that finds beats: 3 778 numbers, 50 values a second.

It has a convolution over three frames and seven residual ones over five frames, whose dilation
doubles from 1 to 64 frames, so that it hears 5 s on either side; after Davies and Böck, "Temporal
Convolutional Networks for Musical Audio Beat Tracking" (2019), with 8 channels. It runs in NumPy,
because its 3 500 multiplications a frame cost less than the start of a TFLite interpreter, and
because an interpreter needs a fixed length.
"""

import functools
from importlib import resources
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

FRAMES_PER_SECOND = 50
FRAME_SECONDS = 0.0175
"""Value i of the activation belongs to the sound at i / 50 s plus this."""
BANDS = 21
"""Groups of three bands of the log-mel; its highest band is left out."""
FEATURES = 2 * BANDS
"""Levels, then rises."""
CHANNELS = 8
"""Values that each layer passes on for a frame."""
KERNEL_FRAMES = 5
"""Frames that each dilated convolution combines."""
DILATIONS_FRAMES = (1, 2, 4, 8, 16, 32, 64)
"""Distances of those frames in successive layers."""
SKIP = 0.3
"""Share of each layer's output that goes straight to the last layer."""

_BANDS_TOGETHER = 3
_LARGEST_LOGIT = 30.0


class BeatNetwork(NamedTuple):
    """The weights of the network, and those that tell a steady tempo from none."""

    mean: NDArray[np.float32]
    """Mean of the features (FEATURES,) of music."""
    deviation: NDArray[np.float32]
    """Standard deviation of the features (FEATURES,)."""
    stem: NDArray[np.float32]
    """First convolution (3, FEATURES, CHANNELS)."""
    stem_bias: NDArray[np.float32]
    """(CHANNELS,)."""
    kernels: NDArray[np.float32]
    """Dilated convolutions (7, 5, CHANNELS, CHANNELS)."""
    biases: NDArray[np.float32]
    """(7, CHANNELS)."""
    mixes: NDArray[np.float32]
    """What each of them adds (7, CHANNELS, CHANNELS)."""
    head: NDArray[np.float32]
    """Beat and downbeat (CHANNELS, 2)."""
    head_bias: NDArray[np.float32]
    """(2,)."""
    confidence: NDArray[np.float32]
    """Weights of the figures of `evidence`, then the bias, (f + 1,)."""

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits (m, 2) of a beat and of a downbeat in frames of features (m, 42)."""
        now = (features - self.mean) / self.deviation
        now = _elu(_convolved(now, self.stem, 1) + self.stem_bias)
        skipped = np.zeros_like(now)
        for kernel, bias, mix, dilation in zip(
            self.kernels, self.biases, self.mixes, DILATIONS_FRAMES, strict=True
        ):
            found = _elu(_convolved(now, kernel, dilation) + bias)
            now = now + found @ mix
            skipped += found
        logits: NDArray[np.float32] = (now + np.float32(SKIP) * skipped) @ self.head
        return logits + self.head_bias

    def activation(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the probability (m,) of a beat in each frame of features (m, 42)."""
        beat = self.logits(features)[:, 0].astype(np.float64)
        return 1.0 / (1.0 + np.exp(-np.clip(beat, -_LARGEST_LOGIT, _LARGEST_LOGIT)))

    def write(self, file: IO[bytes]) -> None:
        """Write the weights as a NumPy archive."""
        np.savez(file, **self._asdict())


def read_network(file: IO[bytes]) -> BeatNetwork:
    """Return the network in a file that `write` wrote; raises KeyError or ValueError for others."""
    with np.load(file, allow_pickle=False) as stored:
        return BeatNetwork(*(stored[name].astype(np.float32) for name in BeatNetwork._fields))


@functools.cache
def built_in_network() -> BeatNetwork:
    """Return the network that Timbrel ships with."""
    path = resources.files("daemon.practice.beats") / "beat_network.npz"
    with path.open("rb") as file:
        return read_network(file)


def beat_features(levels: NDArray[np.float32], rise: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the features (m, 42) of log-mel levels and rises (n, 64), two frames each.

    They are the means of the levels and the larger of the rises.
    """
    level, onset = _grouped(levels), _grouped(rise)
    mean = (level[:, 0] + level[:, 1]) / np.float32(2.0)
    return np.concatenate([mean, np.maximum(onset[:, 0], onset[:, 1])], axis=1)


def _grouped(bands: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return means over three bands of pairs of frames, (n / 2, 2, BANDS)."""
    count = len(bands) // 2
    kept = bands[: 2 * count, : _BANDS_TOGETHER * BANDS]
    # Column by column, which takes a third of the time of `mean`.
    total = kept[:, 0::_BANDS_TOGETHER] + kept[:, 1::_BANDS_TOGETHER]
    for band in range(2, _BANDS_TOGETHER):
        total += kept[:, band::_BANDS_TOGETHER]
    total /= np.float32(_BANDS_TOGETHER)
    return total.reshape(count, 2, BANDS)


def _convolved(
    values: NDArray[np.float32], kernel: NDArray[np.float32], dilation: int
) -> NDArray[np.float32]:
    """Convolve values (m, c) with a kernel (taps, c, d); outside of the sound they are 0."""
    count, reach = len(values), len(kernel) // 2 * dilation
    padded = np.pad(values, ((reach, reach), (0, 0)))
    result = np.zeros((count, kernel.shape[2]), np.float32)
    for tap, weights in enumerate(kernel):
        result += padded[tap * dilation : tap * dilation + count] @ weights
    return result


def _elu(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.where(values > 0, values, np.expm1(np.minimum(values, np.float32(0.0))))
