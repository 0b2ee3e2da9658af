import numpy as np
import pytest

from model_build.rendering.household.noises import PEAK, SORTS, household_noise


@pytest.mark.parametrize("sort", SORTS)
def test_a_noise_sounds_is_as_long_as_asked_and_never_the_same(sort: str) -> None:
    one, again, other = (
        household_noise(sort, np.random.default_rng(seed), 2.0) for seed in (1, 1, 2)
    )
    assert one.shape == (32_000,)
    assert one.dtype == np.float32
    assert np.abs(one).max() == pytest.approx(PEAK, rel=1e-5)
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_beep_has_one_pitch_and_water_has_none() -> None:
    def flatness(sort: str) -> float:
        power = (
            np.abs(np.fft.rfft(household_noise(sort, np.random.default_rng(3), 4.0))) ** 2 + 1e-12
        )
        return float(np.exp(np.log(power).mean()) / power.mean())

    assert flatness("beeps") < 0.01
    assert flatness("water") > 0.05
