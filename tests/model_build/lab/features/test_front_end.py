import librosa
import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.hearing.log_mel import LogMel
from model_build.lab.experiment import FrontEndSettings
from model_build.lab.features.front_end import LOG_OFFSET, ChunkMaker, log_mel_front_end


def noise(seconds: float, rate_hz: int = 16_000) -> NDArray[np.float32]:
    rng = np.random.default_rng(1)
    return rng.uniform(-0.3, 0.3, round(seconds * rate_hz)).astype(np.float32)


def test_log_mel_has_the_bits_of_the_daemon() -> None:
    settings = FrontEndSettings(chunk_seconds=1.0, normalisation="none")
    sound = noise(1.0)
    expected = LogMel(log_mel_front_end(settings)).frames(sound)
    made = ChunkMaker(settings).chunks(sound)
    assert made.shape == (1, settings.chunk_frames, 64)
    assert np.array_equal(made[0], expected)


def test_stft_agrees_with_librosa() -> None:
    settings = FrontEndSettings(
        kind="stft",
        sample_rate_hz=22_050,
        frame_seconds=1_024 / 22_050,
        hop_seconds=512 / 22_050,
        chunk_seconds=1.0,
        normalisation="none",
    )
    sound = noise(1.0, 22_050)
    magnitudes = np.abs(librosa.stft(sound, n_fft=1_024, hop_length=512, center=False))
    made = ChunkMaker(settings).chunks(sound)[0]
    assert made.shape == (settings.chunk_frames, 513) == magnitudes.T.shape
    assert made == pytest.approx(np.log(magnitudes.T + LOG_OFFSET), abs=1e-3)


def test_mfcc_agrees_with_librosa() -> None:
    settings = FrontEndSettings(
        kind="mfcc", sample_rate_hz=22_050, hop_seconds=0.0116, normalisation="none"
    )
    sound = noise(2.0, 22_050)
    log_mel = LogMel(log_mel_front_end(settings)).frames(sound)
    expected = librosa.feature.mfcc(S=log_mel.T, n_mfcc=13).T
    assert ChunkMaker(settings).chunks(sound)[0] == pytest.approx(expected, abs=1e-3)


def test_chunks_are_spread_evenly_and_limited() -> None:
    settings = FrontEndSettings(chunk_seconds=1.0, most_chunks=3, normalisation="none")
    sound = noise(10.0)
    made = ChunkMaker(settings).chunks(sound)
    assert len(made) == 3
    middle = ChunkMaker(settings).chunks(sound[72_000:88_000])
    assert np.array_equal(made[1], middle[0])


def test_short_sound_is_padded_with_silence() -> None:
    settings = FrontEndSettings(chunk_seconds=1.0, normalisation="none")
    made = ChunkMaker(settings).chunks(noise(0.1))
    assert made.shape == (1, settings.chunk_frames, 64)
    assert made[0, -1] == pytest.approx(np.log(LOG_OFFSET))


def test_clips_are_normalised_one_by_one() -> None:
    made = ChunkMaker(FrontEndSettings(normalisation="clip")).chunks(noise(2.0))
    assert made.mean() == pytest.approx(0.0, abs=1e-4)
    assert made.std() == pytest.approx(1.0, abs=1e-4)
