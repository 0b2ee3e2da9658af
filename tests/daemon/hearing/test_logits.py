import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import DTypeLike

from daemon.hearing.logits import logit, one_against_all, probability_of, shift_probability, sigmoid


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_keeps_the_precision_and_does_not_overflow(dtype: DTypeLike) -> None:
    probabilities = sigmoid(np.array([-1e30, -np.log(3.0), 0.0, np.log(3.0), 1e30], dtype))
    assert probabilities.dtype == dtype
    np.testing.assert_allclose(probabilities, [0.0, 0.25, 0.5, 0.75, 1.0], rtol=1e-6, atol=1e-30)


@given(st.floats(0.01, 0.99), st.floats(-4, 4), st.floats(0.01, 4))
def test_larger_shift_gives_larger_probability(
    probability: float, shift: float, more: float
) -> None:
    assert (
        0 < shift_probability(probability, shift) < shift_probability(probability, shift + more) < 1
    )


def test_zero_shift_returns_the_same_probability() -> None:
    assert shift_probability(0.1, 0.0) == 0.1


@pytest.mark.parametrize("logit_of", [-80.0, -3.0, 0.0, 2.5, 30.0])
def test_logit_of_one_number_is_the_inverse(logit_of: float) -> None:
    assert logit(probability_of(logit_of)) == pytest.approx(logit_of, abs=1e-2)


def test_logit_is_finite_at_the_ends() -> None:
    assert (logit(0.0), logit(1.0)) == (-80.0, 80.0)
    assert logit(5e-324) == -80.0
    assert probability_of(1e9) == 1.0


@given(st.lists(st.floats(-30, 30), min_size=2, max_size=6))
def test_sigmoid_of_one_against_all_is_softmax(logits: list[float]) -> None:
    values = np.array([logits, logits[::-1]], np.float64)
    raised = np.exp(values - values.max())
    softmax = raised / raised.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(sigmoid(one_against_all(values)), softmax, rtol=1e-6, atol=1e-30)


def test_one_against_all_keeps_logits_that_sigmoid_would_round_to_one() -> None:
    assert one_against_all(np.array([60.0, 0.0], np.float32)).tolist() == [60.0, -60.0]
