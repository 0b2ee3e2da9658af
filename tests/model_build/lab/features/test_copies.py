import numpy as np
import pytest

from model_build.lab.experiment import Augmentation
from model_build.lab.features.copies import changed_copy

RATE_HZ = 16_000
NOTHING = {
    "gain_db": 0.0,
    "delay_seconds": 0.0,
    "speed_semitones": 0.0,
    "room_probability": 0.0,
    "noise_probability": 0.0,
    "microphone_probability": 0.0,
}


def tone(hz: float = 500.0) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    seconds = np.arange(RATE_HZ // 2) / RATE_HZ
    return (0.2 * np.sin(2 * np.pi * hz * seconds)).astype(np.float32)


def only(**keys: object) -> Augmentation:
    return Augmentation(copies=1, **{**NOTHING, **keys})  # type: ignore[arg-type]


def test_a_copy_without_changes_is_the_recording() -> None:
    assert np.array_equal(changed_copy(tone(), only(), RATE_HZ, "a"), tone())


def test_equal_keys_give_equal_copies() -> None:
    first, same, other = (
        changed_copy(tone(), Augmentation(copies=1), RATE_HZ, key) for key in ("a", "a", "b")
    )
    assert np.array_equal(first, same)
    assert len(first) != len(other) or not np.array_equal(first, other)


def test_gain_stays_in_its_range() -> None:
    peaks = [
        np.abs(changed_copy(tone(), only(gain_db=6.0), RATE_HZ, str(n))).max() for n in range(50)
    ]
    assert 0.1 - 1e-3 < min(peaks) < 0.13
    assert 0.32 < max(peaks) < 0.4 + 1e-3


def test_delay_puts_silence_before_the_recording() -> None:
    copy = changed_copy(tone(), only(delay_seconds=0.1), RATE_HZ, "a")
    delay = len(copy) - len(tone())
    assert 0 < delay <= 0.1 * RATE_HZ
    assert not copy[:delay].any()
    assert np.array_equal(copy[delay:], tone())


def test_speed_changes_pitch_and_length() -> None:
    copy = changed_copy(tone(), only(speed_semitones=12.0), RATE_HZ, "a")
    ratio = len(tone()) / len(copy)
    assert ratio != pytest.approx(1.0, abs=0.02)
    spectrum = np.abs(np.fft.rfft(copy))
    assert spectrum.argmax() * RATE_HZ / len(copy) == pytest.approx(500.0 * ratio, rel=0.02)


def test_noise_has_the_ratio_of_the_range() -> None:
    settings = only(noise_probability=1.0, noise_snr_db=(20.0, 20.0))
    noise = changed_copy(tone(), settings, RATE_HZ, "a") - tone()
    ratio_db = 10 * np.log10(np.square(tone()).mean() / np.square(noise).mean())
    assert ratio_db == pytest.approx(20.0, abs=0.1)


def test_a_room_reverberates_after_the_end() -> None:
    copy = changed_copy(tone(), only(room_probability=1.0), RATE_HZ, "a")
    after = copy[len(tone()) :]
    assert len(after) == RATE_HZ // 4
    assert np.abs(after[:1_000]).max() > 4 * np.abs(after[-1_000:]).max() > 0


def test_a_microphone_colours() -> None:
    noise = np.random.default_rng(1).normal(0.0, 0.1, RATE_HZ).astype(np.float32)
    copy = changed_copy(noise, only(microphone_probability=1.0), RATE_HZ, "a")
    bands = np.abs(np.fft.rfft(copy) / np.fft.rfft(noise))[100:7_000]
    assert bands.max() / bands.min() > 1.3
