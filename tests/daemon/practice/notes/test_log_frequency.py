"""Compare the notes' front end with a textbook DFT, and its streaming with whole clips."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.practice.notes.front_end import NoteFrontEnd, triangles
from daemon.practice.notes.log_frequency import LogFrequency, frames_of
from tests.daemon.practice.notes.notes_sounds import SAMPLE_RATE_HZ, tone

FRONT_END = NoteFrontEnd()


def noise(samples: int, seed: int = 1) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return (0.1 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


@pytest.mark.parametrize("midi", [23, 33, 45, 57, 69, 78, 90, 105])
def test_sine_has_its_amplitude_in_its_bin(midi: int) -> None:
    hz = 440 * 2 ** ((midi - 69) / 12)
    time = np.arange(2 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    frames = frames_of((0.5 * np.sin(2 * np.pi * hz * time)).astype(np.float32))
    assert frames.shape == (101, 293, 2)
    bin_ = 1 + 3 * (midi - 21)
    loudest = int(frames[50, :, 0].argmax())
    # In the lowest octaves two keys are closer than the FFT resolves.
    assert abs(loudest - bin_) <= (1 if midi > 40 else 4)
    amplitude = 10 ** (2 * frames[50, loudest, 0] - 5)
    assert 0.35 < amplitude < 1.0


def test_frames_equal_a_textbook_dft() -> None:
    sound = noise(SAMPLE_RATE_HZ)
    made = frames_of(sound)[20]
    n = np.arange(2048)
    window = (0.5 - 0.5 * np.cos(2 * np.pi * n / 2048)) / 512
    cut = sound[20 * 320 - 1024 : 20 * 320 + 1024] * window
    dft = np.exp(-2j * np.pi * np.arange(1025)[:, None] * n / 2048) @ cut
    low = FRONT_END.low_bins
    bank = triangles(FRONT_END.bin_hz()[low:], 16_000 / 2048, 36)
    power = bank.apply((np.abs(dft) ** 2).astype(np.float32)[None])[0]
    expected = (np.log10(np.sqrt(power) + 1e-5) + 5) / 2
    np.testing.assert_allclose(made[low:, 0], expected, atol=1e-4)


def test_silence_is_zero_and_short_clips_have_frames() -> None:
    assert np.abs(frames_of(np.zeros(5000, np.float32))).max() < 1e-6
    assert frames_of(np.zeros(0, np.float32)).shape == (0, 293, 2)
    assert frames_of(noise(1)).shape == (1, 293, 2)
    assert frames_of(noise(320)).shape == (2, 293, 2)


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(1, 9_000), min_size=1, max_size=6), st.integers(1, 1_000))
def test_blocks_of_any_length_give_the_bits_of_the_clip(blocks: list[int], seed: int) -> None:
    sound = noise(sum(blocks), seed)
    stream, parts, first = LogFrequency(FRONT_END), [], 0
    for block in blocks:
        parts.append(stream.push(sound[first : first + block]))
        first += block
    parts.append(stream.finish())
    assert np.concatenate(parts).tobytes() == frames_of(sound).tobytes()


def test_single_samples_and_a_second_sound_after_finish() -> None:
    sound = tone(60, 0.2)
    stream = LogFrequency(FRONT_END)
    stream.push(noise(7_777))
    stream.finish()
    parts = [stream.push(sound[i : i + 1]) for i in range(len(sound))]
    assert np.concatenate([*parts, stream.finish()]).tobytes() == frames_of(sound).tobytes()


def test_delay_is_the_declared_one() -> None:
    stream = LogFrequency(FRONT_END)
    assert len(stream.push(noise(FRONT_END.samples_after - 1))) == 0
    assert len(stream.push(noise(1))) == 1
    assert FRONT_END.samples_after / SAMPLE_RATE_HZ < 0.135


def test_long_low_window_of_the_slow_variant() -> None:
    front_end = NoteFrontEnd(low_window_samples=1_536)
    sound = noise(20_000)
    stream = LogFrequency(front_end)
    parts = [stream.push(sound[:9_999]), stream.push(sound[9_999:]), stream.finish()]
    assert np.concatenate(parts).tobytes() == frames_of(sound, front_end).tobytes()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hop_samples", 321),
        ("hop_samples", 4),
        ("bins", 1),
        ("bins", 400),
        ("bins_per_octave", 35),
        ("low_window_samples", 1_025),
        ("low_window_samples", 4_096),
        ("crossover_hz", 3_000.0),
        ("crossover_hz", 20.0),
        ("offset", 0.0),
        ("lowest_hz", 0.0),
        ("sample_rate_hz", 0),
        ("fft_size", 1 << 20),
    ],
)
def test_contradicting_parameters_are_refused(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=r"must|window|positive"):
        NoteFrontEnd(**{field: value})  # type: ignore[arg-type]
