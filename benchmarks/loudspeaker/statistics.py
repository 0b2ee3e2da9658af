"""Computes what a detector could look at in a window of 4 s, all of it cheap in the daemon."""

import itertools
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from daemon.hearing.classifier import BUILT_IN_MODEL, load_runtime
from daemon.hearing.model_file import FAMILIES, read_contract
from daemon.hearing.network_tensors import input_tensor, output_tensors
from daemon.hearing.patches import patch
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.corpus.clip_sound import Samples

Values = NDArray[np.float32]

FFT_SAMPLES = 2_048
LOWEST_HZ, BANDS_AN_OCTAVE = 40.0, 3
OCTAVES_FROM_HZ = (62.5, 125.0, 250.0, 500.0, 1_000.0, 2_000.0, 4_000.0)
PERCENTILES = (10, 50, 90)
BAND_GROUPS = 16
LAGS_FRAMES = (1, 4, 16)
ACTIVE_NEPERS = 4.0  # frames of up to 35 dB below the loudest
TINY = 1e-9


def log_mel_statistics(frames: Values) -> Values:
    """Return levels, dynamics, modulation and correlations of the frames, (n, bands)."""
    loudness = frames.max(axis=1)
    active = frames[loudness > loudness.max() - ACTIVE_NEPERS]
    low, middle, high = np.percentile(active, PERCENTILES, axis=0)
    change = np.abs(np.diff(frames, axis=0)).mean(axis=0)
    groups = frames.reshape(len(frames), BAND_GROUPS, -1).mean(axis=2)
    groups = groups - groups.mean(axis=0)
    spread = groups.std(axis=0) + TINY
    correlations = (groups.T @ groups / len(groups) / np.outer(spread, spread))[
        np.triu_indices(BAND_GROUPS, 1)
    ]
    memory = [(groups[lag:] * groups[:-lag]).mean(axis=0) / spread**2 for lag in LAGS_FRAMES]
    skew = (groups**3).mean(axis=0) / spread**3
    kurtosis = (groups**4).mean(axis=0) / spread**4
    shape = (middle - middle.mean(), np.diff(high), high - middle, middle - low)
    parts = (*shape, change, correlations, *memory, skew, kurtosis)
    return np.concatenate(parts).astype(np.float32)


def spectrum_statistics(samples: Samples) -> Values:
    """Return third-octave levels from 40 Hz, and the flatness of each octave, of long frames."""
    framed = sliding_window_view(samples, FFT_SAMPLES)[:: FFT_SAMPLES // 2]
    power = np.abs(np.fft.rfft(framed * np.hanning(FFT_SAMPLES).astype(np.float32))) ** 2 + TINY
    hz = np.fft.rfftfreq(FFT_SAMPLES, 1.0 / SAMPLE_RATE_HZ)
    count = int(np.log2(SAMPLE_RATE_HZ / 2 / LOWEST_HZ) * BANDS_AN_OCTAVE)
    edges = LOWEST_HZ * 2.0 ** (np.arange(count + 1) / BANDS_AN_OCTAVE)
    cuts = np.searchsorted(hz, edges)
    levels = np.stack(
        [
            np.log(power[:, first : max(first + 1, last)].mean(axis=1))
            for first, last in itertools.pairwise(cuts)
        ],
        axis=1,
    )
    low, middle, high = np.percentile(levels, PERCENTILES, axis=0)
    flat = [_flatness(power, hz, start) for start in OCTAVES_FROM_HZ]
    flatness = np.percentile(np.stack(flat, axis=1), PERCENTILES, axis=0).ravel()
    parts = (middle - middle.mean(), np.diff(high), high - middle, middle - low, flatness)
    return np.concatenate(parts).astype(np.float32)


def _flatness(power: NDArray[np.floating], hz: NDArray[np.floating], start_hz: float) -> Values:
    """Return log of the ratio of geometric to arithmetic mean of an octave, (frames,)."""
    octave = power[:, (hz >= start_hz) & (hz < 2.0 * start_hz)]
    return np.asarray(np.log(octave).mean(axis=1) - np.log(octave.mean(axis=1)), np.float32)


class NetworkStatistics:
    """Means of inner layers of the built-in network over the patches of a window."""

    def __init__(self) -> None:
        self.contract = read_contract(BUILT_IN_MODEL)
        self._network: Any = load_runtime()(
            str(BUILT_IN_MODEL), num_threads=1, experimental_preserve_all_tensors=True
        )
        self._network.allocate_tensors()
        self._input = input_tensor(self._network, self.contract, "built-in model")
        self._outputs = output_tensors(self._network, self.contract, "built-in model")
        self._layers = self._pooled_layers()

    def _pooled_layers(self) -> dict[str, dict[str, Any]]:
        """Return the embedding, and the first layer of 12 and 6 frames a patch."""
        found: dict[str, dict[str, Any]] = {}
        for details in self._network.get_tensor_details():
            shape = tuple(int(n) for n in details["shape"])
            if details["name"].endswith("/Mean") and shape[0] == 1:
                found["embedding"] = details
            for name, wanted in (("early", (1, 24, 16, 128)), ("middle", (1, 12, 8, 256))):
                if shape == wanted and "Relu6" in details["name"]:
                    found[name] = details  # the last layer of this shape
        return found

    def of(self, frames: Values) -> dict[str, Values]:
        """Return `scores` (families,) and, by layer, the mean and deviation of every channel.

        `frames` are the log-mel frames of a window, (n, bands).
        """
        taken: dict[str, list[Values]] = {name: [] for name in ("scores", *self._layers)}
        for first in self.contract.patch_starts[::3]:
            self._input()[0] = patch(frames, first, self.contract.patch_frames)
            self._network.invoke()
            taken["scores"].append(self._outputs[FAMILIES]()[0].copy())
            for name, details in self._layers.items():
                taken[name].append(self._pooled(details))
        return {name: np.mean(values, axis=0) for name, values in taken.items()}

    def _pooled(self, details: dict[str, Any]) -> Values:
        scale, zero = details["quantization"]
        tensor = self._network.get_tensor(details["index"])[0].astype(np.float32)
        tensor = (tensor - zero) * np.float32(scale)
        if tensor.ndim == 1:
            return np.asarray(tensor, np.float32)
        over_time = tensor.mean(axis=(0, 1)), tensor.std(axis=(0, 1))
        return np.concatenate(over_time).astype(np.float32)
