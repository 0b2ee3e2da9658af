import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.rendering.household.steady_tones import steady_tone

SEEDS = 60


@pytest.fixture(scope="module")
def tones() -> list[NDArray[np.float32]]:
    return [steady_tone(np.random.default_rng(seed), 32_000) for seed in range(SEEDS)]


def test_tones_have_the_requested_length_and_an_rms_of_one(
    tones: list[NDArray[np.float32]],
) -> None:
    for tone in tones:
        assert tone.shape == (32_000,)
        assert tone.dtype == np.float32
        assert np.sqrt(np.mean(tone.astype(np.float64) ** 2)) == pytest.approx(1.0, rel=1e-3)


def test_same_seed_gives_the_same_tone(tones: list[NDArray[np.float32]]) -> None:
    np.testing.assert_array_equal(tones[4], steady_tone(np.random.default_rng(4), 32_000))
    assert not np.array_equal(tones[4], tones[5])


def test_many_tones_are_harmonics_of_the_mains(tones: list[NDArray[np.float32]]) -> None:
    def strongest_hz(tone: NDArray[np.float32]) -> float:
        power = np.abs(np.fft.rfft(tone * np.hanning(len(tone)))) ** 2
        return float(power.argmax() * SAMPLE_RATE_HZ / len(tone))

    def is_mains(hz: float) -> bool:
        return any(abs(hz / mains - round(hz / mains)) < 0.02 for mains in (50.0, 60.0))

    low = [hz for hz in map(strongest_hz, tones) if 45.0 < hz < 1_000.0]
    assert sum(map(is_mains, low)) > SEEDS // 5
