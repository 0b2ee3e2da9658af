import numpy as np
import pytest

from model_build.practice.source_interval import mean_over_sources


def test_mean_is_that_of_recordings_and_lies_in_the_interval() -> None:
    estimate = mean_over_sources([1.0, 0.0, 0.0, 1.0, 1.0], list("aabcd"))
    assert estimate.value == pytest.approx(0.6)
    assert estimate.low < 0.6 < estimate.high
    assert estimate.n == 5


def test_recordings_of_one_source_do_not_narrow_the_interval() -> None:
    rng = np.random.default_rng(0)
    by_source = rng.normal(0.0, 1.0, 8)
    one = mean_over_sources(by_source.tolist(), list("abcdefgh"))
    many = mean_over_sources(
        np.repeat(by_source, 20).tolist(), list(np.repeat(list("abcdefgh"), 20))
    )
    assert many.high - many.low == pytest.approx(one.high - one.low)
    apart = mean_over_sources(np.repeat(by_source, 20).tolist(), [str(k) for k in range(160)])
    assert apart.high - apart.low < 0.5 * (one.high - one.low)


def test_missing_figures_are_left_out() -> None:
    assert mean_over_sources([1.0, float("nan")], ["a", "b"])[::3] == (1.0, 1)
    with pytest.raises(ValueError, match="no recording has this figure"):
        mean_over_sources([float("nan")], ["a"])
