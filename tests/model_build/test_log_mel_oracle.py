"""Compares the daemon's front end with librosa's independent implementation."""

import librosa
import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.hearing.log_mel import FrontEnd, LogMel, mel_matrix

FRONT_END = FrontEnd()
# librosa centres the 400-sample window within the 512 samples of the transform.
CENTRING_SAMPLES = (FRONT_END.fft_size - FRONT_END.frame_samples) // 2

RNG = np.random.default_rng(1)
# At the level of music in a room: float32 rounds every bin relative to the loudest one.
TIME_SECONDS = np.arange(64_000) / FRONT_END.sample_rate_hz
SOUNDS = {
    "random": (0.1 * RNG.standard_normal(64_000)).astype(np.float32),
    "harmonic": sum(
        (0.1 * np.sin(2 * np.pi * 196.0 * n * TIME_SECONDS) / n for n in range(1, 30)),
        np.zeros(64_000),
    ).astype(np.float32),
}

every_sound = pytest.mark.parametrize("samples", SOUNDS.values(), ids=SOUNDS)


def oracle_magnitudes(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Magnitudes (frames, bins) of every whole frame."""
    shifted = np.pad(samples.astype(np.float64), (CENTRING_SAMPLES, CENTRING_SAMPLES))
    spectrum = librosa.stft(
        shifted,
        n_fft=FRONT_END.fft_size,
        hop_length=FRONT_END.hop_samples,
        win_length=FRONT_END.frame_samples,
        window="hann",
        center=False,
    )
    return np.asarray(np.abs(spectrum).T)


def oracle_edges_hz() -> NDArray[np.float64]:
    return np.asarray(
        librosa.mel_frequencies(
            FRONT_END.bands + 2, fmin=FRONT_END.low_hz, fmax=FRONT_END.high_hz, htk=True
        )
    )


@every_sound
def test_magnitudes_match_librosa(samples: NDArray[np.float32]) -> None:
    log_mel = LogMel(FRONT_END)
    # One band per bin, so that only the transform is tested.
    log_mel._mel = np.eye(FRONT_END.fft_size // 2 + 1, dtype=np.float32)
    log_mel._bands = np.empty((100, FRONT_END.fft_size // 2 + 1), np.float32)
    bins = np.empty((398, FRONT_END.fft_size // 2 + 1), np.float32)
    log_mel.frames(samples, out=bins)
    expected = oracle_magnitudes(samples)
    assert expected.shape == bins.shape
    np.testing.assert_allclose(np.exp(bins) - FRONT_END.log_offset, expected, rtol=1e-4, atol=1e-4)


def test_bands_lie_between_edges_of_librosa() -> None:
    matrix = mel_matrix(FRONT_END)
    bins_hz = np.linspace(0, FRONT_END.sample_rate_hz / 2, FRONT_END.fft_size // 2 + 1)
    edges_hz = oracle_edges_hz()
    for band, (low, centre, high) in enumerate(
        zip(edges_hz, edges_hz[1:], edges_hz[2:], strict=False)
    ):
        inside = (bins_hz > low) & (bins_hz < high)
        assert np.array_equal(matrix[:, band] > 0, inside), band
        if inside.sum() > 2:
            peak_hz = bins_hz[matrix[:, band].argmax()]
            assert abs(peak_hz - centre) < FRONT_END.sample_rate_hz / FRONT_END.fft_size


@every_sound
def test_log_mel_matches_transform_and_edges_of_librosa(samples: NDArray[np.float32]) -> None:
    edges_mel = librosa.hz_to_mel(oracle_edges_hz(), htk=True)
    bins_mel = librosa.hz_to_mel(
        librosa.fft_frequencies(sr=FRONT_END.sample_rate_hz, n_fft=FRONT_END.fft_size), htk=True
    )
    triangles = np.stack(
        [np.interp(bins_mel, edges_mel[b : b + 3], [0, 1, 0]) for b in range(FRONT_END.bands)], 1
    )
    expected = np.log(oracle_magnitudes(samples) @ triangles + FRONT_END.log_offset)
    np.testing.assert_allclose(LogMel(FRONT_END).frames(samples), expected, atol=1e-4)
