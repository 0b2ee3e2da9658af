"""Compare the front end with a golden file, a textbook DFT, and its own streaming, bit for bit."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from daemon.hearing.log_mel import FrontEnd, LogMel, LogMelStream, mel_matrix
from daemon.sound.window import WINDOW_SAMPLES, WindowBuffer
from tests.daemon.conftest import Samples, without_dc

GOLDEN = Path(__file__).parent / "golden" / "log_mel.npz"
SAMPLE_RATE_HZ = 16_000
WINDOW_FRAMES = 398


def golden_signal() -> Samples:
    """Half a second of a chirp, a harmonic tone and noise of a linear congruential generator."""
    count = SAMPLE_RATE_HZ // 2
    seconds = np.arange(count) / SAMPLE_RATE_HZ
    chirp = np.sin(2 * np.pi * (100 * seconds + 7_000 * seconds**2))
    tone = sum(np.sin(2 * np.pi * 220 * n * seconds) / n for n in range(1, 12))
    state, noise = 1, np.empty(count)
    for index in range(count):
        state = (1_664_525 * state + 1_013_904_223) % 2**32
        noise[index] = state / 2**31 - 1
    return (0.3 * chirp + 0.2 * tone + 0.01 * noise).astype(np.float32)


def regenerate_golden() -> None:
    """Rewrite the golden file, only after a deliberate change of the front end.

    Run `PYTHONPATH=. python tests/daemon/hearing/test_log_mel.py`, then retrain every model.
    """
    np.savez_compressed(GOLDEN, frames=LogMel(FrontEnd()).frames(golden_signal()))


def textbook_frame(samples: Samples, front_end: FrontEnd) -> NDArray[np.float64]:
    """One log-mel frame in double precision, with the DFT computed as its defining sum."""
    n = np.arange(front_end.frame_samples)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * n / front_end.frame_samples)
    k = np.arange(front_end.fft_size // 2 + 1)[:, None]
    magnitude = np.abs(np.exp(-2j * np.pi * k * n / front_end.fft_size) @ (samples * hann))
    result: NDArray[np.float64] = np.log(magnitude @ mel_matrix(front_end) + front_end.log_offset)
    return result


def bytes_of(frames: NDArray[np.float32]) -> bytes:
    assert frames.dtype == np.float32
    return frames.tobytes()


def test_frames_equal_the_golden_file() -> None:
    expected = np.load(GOLDEN)["frames"]
    frames = LogMel(FrontEnd()).frames(golden_signal())
    assert frames.shape == expected.shape == (48, 64)
    assert frames.dtype == np.float32
    np.testing.assert_allclose(frames, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    "front_end",
    [
        FrontEnd(),
        FrontEnd(hop_seconds=0.02, bands=40, low_hz=60.0, high_hz=8_000.0),
        FrontEnd(frame_seconds=0.032, fft_size=512, bands=96, log_offset=0.01),
        FrontEnd(fft_size=1024, hop_seconds=0.0125),
    ],
)
def test_frames_equal_a_textbook_dft(front_end: FrontEnd) -> None:
    samples = golden_signal()
    frames = LogMel(front_end).frames(samples)
    assert frames.shape == (front_end.frames_in(len(samples)), front_end.bands)
    for index in (0, 7, len(frames) - 1):
        start = index * front_end.hop_samples
        expected = textbook_frame(samples[start : start + front_end.frame_samples], front_end)
        np.testing.assert_allclose(frames[index], expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize(
    ("samples", "frames"),
    [(0, 0), (1, 0), (239, 0), (399, 0), (400, 1), (559, 1), (560, 2), (64_000, WINDOW_FRAMES)],
)
def test_frames_in_counts_whole_frames_without_padding(samples: int, frames: int) -> None:
    assert FrontEnd().frames_in(samples) == frames
    assert LogMel(FrontEnd()).frames(np.zeros(samples, np.float32)).shape == (frames, 64)


def test_frame_and_hop_seconds_are_converted_to_samples() -> None:
    assert (FrontEnd().frame_samples, FrontEnd().hop_samples) == (400, 160)
    odd = FrontEnd(frame_seconds=0.02, hop_seconds=0.0125)
    assert (odd.frame_samples, odd.hop_samples) == (320, 200)


def test_silence_gives_the_logarithm_of_the_offset() -> None:
    frames = LogMel(FrontEnd()).frames(np.zeros(1_000, np.float32))
    assert np.all(frames == np.log(np.float32(0.001)))


def test_mel_matrix_has_overlapping_triangles_of_peak_one_and_no_weight_at_zero_hz() -> None:
    matrix = mel_matrix(FrontEnd())
    assert matrix.shape == (257, 64)
    assert matrix.dtype == np.float32
    assert not matrix[0].any()
    assert matrix.min() == 0.0
    assert matrix.max() <= 1.0
    assert np.all(matrix.any(axis=0))
    # Between the first and the last centre, neighbours add up to one.
    hz = np.linspace(0, 8_000, 257)
    inner = (hz > 300) & (hz < 7_000)
    np.testing.assert_allclose(matrix[inner].sum(axis=1), 1.0, atol=1e-6)
    assert not matrix[(hz < 125) | (hz > 7_500)].any()
    assert np.all(np.diff(matrix.argmax(axis=0)) >= 0)


def test_filter_weight_at_a_bin_follows_the_mel_scale() -> None:
    # One band from 0 to 8 kHz: its centre in mel is 1 768.7 Hz, between bins 56 and 57.
    matrix = mel_matrix(FrontEnd(bands=1, low_hz=0.0, high_hz=8_000.0))[:, 0]
    middle = 700 * (np.sqrt(1 + 8_000 / 700) - 1)
    assert matrix.argmax() == round(middle / 31.25) == 57
    expected = (np.log1p(8_000 / 700) - np.log1p(57 * 31.25 / 700)) / (
        np.log1p(8_000 / 700) - np.log1p(middle / 700)
    )
    assert matrix[57] == pytest.approx(expected, abs=1e-6)
    assert matrix[256] == pytest.approx(0.0, abs=1e-6)


def test_tone_is_loudest_in_the_band_of_its_pitch() -> None:
    seconds = np.arange(1_600) / SAMPLE_RATE_HZ
    for hz in (300.0, 1_000.0, 5_000.0):
        frames = LogMel(FrontEnd()).frames(np.sin(2 * np.pi * hz * seconds).astype(np.float32))
        band = mel_matrix(FrontEnd())[round(hz / 31.25)].argmax()
        assert np.all(np.abs(frames.argmax(axis=1) - band) <= 1)


def test_frames_are_written_into_the_given_array() -> None:
    samples = golden_signal()
    out = np.full((50, 64), 7.0, np.float32)
    LogMel(FrontEnd()).frames(samples, out=out[1:49])
    assert bytes_of(out[1:49]) == bytes_of(LogMel(FrontEnd()).frames(samples))
    assert np.all(out[[0, 49]] == 7.0)


@pytest.mark.parametrize("hop_seconds", [0.25, 0.5, 1.0, 4.0, 1 / 3, 0.505, 0.9999])
def test_streaming_windows_equal_the_whole_clip_bit_for_bit(
    hop_seconds: float, noise: Samples
) -> None:
    sound = without_dc(noise)
    whole = LogMel(FrontEnd()).frames(sound)
    stream = LogMelStream(FrontEnd(), WINDOW_SAMPLES)
    windows = 0
    for window in WindowBuffer(hop_seconds).push(noise):
        start = window.start_sample
        frames = stream.update(window.samples, start)
        alone = LogMel(FrontEnd()).frames(sound[start : start + WINDOW_SAMPLES])
        assert bytes_of(frames) == bytes_of(alone)
        if start % 160 == 0:
            assert bytes_of(frames) == bytes_of(whole[start // 160 : start // 160 + WINDOW_FRAMES])
        windows += 1
    assert windows == 1 + int(8 / hop_seconds + 1e-9)


@settings(max_examples=15)
@given(
    starts=st.lists(
        st.integers(0, 800).map(lambda n: 160 * n) | st.integers(0, 128_000), max_size=6
    )
)
def test_gaps_and_backward_jumps_do_not_change_a_bit(noise: Samples, starts: list[int]) -> None:
    log_mel = LogMel(FrontEnd())
    stream = LogMelStream(FrontEnd(), WINDOW_SAMPLES)
    for start in starts:
        samples = noise[start : start + WINDOW_SAMPLES]
        assert bytes_of(stream.update(samples, start)) == bytes_of(log_mel.frames(samples))


@pytest.mark.parametrize(
    "front_end",
    [FrontEnd(), FrontEnd(hop_seconds=0.016, frame_seconds=0.032, bands=40)],
    ids=["default", "other"],
)
@settings(max_examples=40)
@given(hops=st.lists(st.integers(1, 440), min_size=1, max_size=8), history=st.integers(0, 120))
def test_frames_kept_before_a_window_equal_the_whole_clip_bit_for_bit(
    front_end: FrontEnd, hops: list[int], history: int, noise: Samples
) -> None:
    sound = np.resize(noise, 500_000)
    whole = LogMel(front_end).frames(sound)
    stream = LogMelStream(front_end, WINDOW_SAMPLES, history)
    length, step = front_end.frames_in(WINDOW_SAMPLES), front_end.hop_samples
    known_from, start, end = 0, 0, None
    for hop in [0, *hops]:
        start += hop * step
        if start + WINDOW_SAMPLES > len(sound):
            return
        if end is not None and start > end:
            known_from = start
        end = start + WINDOW_SAMPLES
        first = start // step
        frames = stream.update(sound[start:end], start)
        assert bytes_of(frames) == bytes_of(whole[first : first + length])
        before = min(history, (start - known_from) // step)
        assert stream.frames_before == before
        assert bytes_of(stream.recent()) == bytes_of(whole[first - before : first + length])


def test_adjacent_windows_keep_the_frames_between_them(noise: Samples) -> None:
    stream = LogMelStream(FrontEnd(), WINDOW_SAMPLES, 96)
    whole = LogMel(FrontEnd()).frames(noise)
    stream.update(noise[:WINDOW_SAMPLES], 0)
    assert stream.frames_before == 0
    stream.update(noise[WINDOW_SAMPLES : 2 * WINDOW_SAMPLES], WINDOW_SAMPLES)
    assert bytes_of(stream.recent()) == bytes_of(whole[400 - 96 : 400 + WINDOW_FRAMES])


@pytest.mark.parametrize("start", [0, WINDOW_SAMPLES + 160, 100])
def test_no_frames_are_kept_of_other_sound(start: int, noise: Samples) -> None:
    stream = LogMelStream(FrontEnd(), WINDOW_SAMPLES, 96)
    stream.update(noise[:WINDOW_SAMPLES], 0)
    if start == 0:
        stream.forget()
    stream.update(noise[start : start + WINDOW_SAMPLES], start)
    assert stream.frames_before == 0


def test_rejects_window_of_wrong_length() -> None:
    stream = LogMelStream(FrontEnd(), WINDOW_SAMPLES)
    with pytest.raises(ValueError, match="a window has 64000 samples, not 63999"):
        stream.update(np.zeros(WINDOW_SAMPLES - 1, np.float32), 0)


@settings(max_examples=60)
@given(offset=st.integers(0, 40_000), length=st.integers(0, 40_000))
def test_frame_has_the_same_bits_alone_and_in_any_clip(
    noise: Samples, offset: int, length: int
) -> None:
    log_mel = LogMel(FrontEnd())
    clip = noise[offset : offset + length]
    frames = log_mel.frames(clip)
    assert len(frames) == FrontEnd().frames_in(length)
    for index in {0, len(frames) // 2, len(frames) - 1} & set(range(len(frames))):
        alone = log_mel.frames(clip[160 * index : 160 * index + 400])
        assert bytes_of(alone[0]) == bytes_of(frames[index])


def test_streaming_with_other_parameters_is_bit_equal_too(
    noise: Samples,
) -> None:
    front_end = FrontEnd(hop_seconds=0.016, frame_seconds=0.032, bands=40)
    stream = LogMelStream(front_end, WINDOW_SAMPLES)
    for start in (0, 16_000, 16_256, 40_000):
        samples = noise[start : start + WINDOW_SAMPLES]
        frames = stream.update(samples, start)
        assert frames.shape == (front_end.frames_in(WINDOW_SAMPLES), 40)
        assert bytes_of(frames) == bytes_of(LogMel(front_end).frames(samples))


@pytest.mark.parametrize(
    "wrong",
    [
        {"sample_rate_hz": 0},
        {"bands": 0},
        {"hop_seconds": 0.0},
        {"hop_seconds": -0.01},
        {"hop_seconds": 1e-9},
        {"frame_seconds": 0.0},
        {"frame_seconds": 0.033},
        {"frame_seconds": float("nan")},
        {"fft_size": 256},
        {"low_hz": -1.0},
        {"low_hz": 7_500.0},
        {"low_hz": float("nan")},
        {"high_hz": 8_001.0},
        {"log_offset": 0.0},
        {"log_offset": float("nan")},
        {"hop_seconds": 1e308},
    ],
)
def test_rejects_invalid_parameters(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        FrontEnd(**wrong)  # type: ignore[arg-type]


if __name__ == "__main__":
    regenerate_golden()
