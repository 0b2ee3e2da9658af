"""The filter removes sound below 20 Hz only; splitting the sound into blocks changes nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter

from daemon.sound.high_pass import HighPass
from tests.daemon.conftest import Samples, without_dc

SECONDS = np.arange(4 * 16_000) / 16_000


def gain_db(frequency_hz: float) -> float:
    """Return the filter's gain for a sine, once the filter has settled."""
    sine = np.sin(2 * np.pi * frequency_hz * SECONDS).astype(np.float32)
    settled = slice(16_000, None)
    powers = [float(np.mean(np.square(s[settled]))) for s in (without_dc(sine), sine)]
    return 10 * float(np.log10(powers[0] / powers[1]))


@pytest.mark.parametrize(
    ("frequency_hz", "expected_db", "within_db"),
    [(2.0, -20.0, 0.1), (20.0, -3.0, 0.1), (125.0, -0.1, 0.02), (440.0, 0.0, 0.01)],
)
def test_attenuates_only_below_20_hz(
    frequency_hz: float, expected_db: float, within_db: float
) -> None:
    assert gain_db(frequency_hz) == pytest.approx(expected_db, abs=within_db)


def test_matches_the_documented_equation(noise: Samples) -> None:
    pole = np.exp(-2 * np.pi * 20 / 16_000)
    gain = (1 + pole) / 2
    before = noise[:1_600].mean(dtype=np.float64)
    samples = noise.astype(np.float64)
    expected, _ = lfilter([gain, -gain], [1, -pole], samples, zi=[-gain * before])
    np.testing.assert_allclose(without_dc(noise), expected, atol=1e-6)


@given(sizes=st.lists(st.integers(0, 100) | st.integers(0, 40_000), max_size=30))
def test_result_does_not_depend_on_block_sizes(noise: Samples, sizes: list[int]) -> None:
    sound = noise.copy()
    high_pass = HighPass()
    for piece in np.split(sound, np.cumsum([1_600, *sizes])):
        high_pass.apply(piece)
    assert np.array_equal(sound, without_dc(noise))


@pytest.mark.parametrize("offset", [1e-4, 0.01, -0.08, 0.9, 1e10])
def test_constant_becomes_silence_from_the_first_sample(offset: float) -> None:
    filtered = without_dc(np.full(64_000, offset, np.float32))
    assert np.abs(filtered).max() <= abs(offset) * 1e-6


def test_step_decays_within_a_tenth_of_a_second() -> None:
    step = np.repeat(np.array([0.0, 0.1], np.float32), 16_000)
    filtered = without_dc(step)
    assert not filtered[:16_000].any()
    assert filtered[16_000] == pytest.approx(0.1, rel=0.01)
    assert np.abs(filtered[17_600:]).max() < 1e-6


def test_digital_silence_stays_silent() -> None:
    assert not without_dc(np.zeros(64_000, np.float32)).any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38])
def test_recovers_from_one_bad_sample(bad: float, noise: Samples) -> None:
    sound = noise.copy()
    sound[20_000] = bad
    high_pass = HighPass()
    high_pass.apply(sound)
    np.testing.assert_allclose(sound[48_000:], without_dc(noise)[48_000:], atol=1e-6)
