import numpy as np
import pytest

from model_build.rendering.household.noises import PEAK, SORTS, household_noise


@pytest.mark.parametrize("sort", SORTS)
def test_noise_has_the_requested_length_and_depends_on_the_seed(sort: str) -> None:
    one, again, other = (
        household_noise(sort, np.random.default_rng(seed), 2.0) for seed in (1, 1, 2)
    )
    assert one.shape == (32_000,)
    assert one.dtype == np.float32
    assert np.abs(one).max() == pytest.approx(PEAK, rel=1e-5)
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_beeps_are_tonal_and_water_is_not() -> None:
    def flatness(sort: str) -> float:
        power = (
            np.abs(np.fft.rfft(household_noise(sort, np.random.default_rng(3), 4.0))) ** 2 + 1e-12
        )
        return float(np.exp(np.log(power).mean()) / power.mean())

    assert flatness("beeps") < 0.01
    assert flatness("water") > 0.05
