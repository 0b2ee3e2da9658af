import numpy as np
import pytest
from numpy.typing import NDArray

from model_build.evaluation.instruments import instrument_figures
from model_build.training.embedding.projection import instrument_projection

INSTRUMENTS, RECORDINGS, VERSIONS, VALUES = 40, 5, 4, 12
# The first three values tell the instruments apart; the rest are loud and the same for all.
TELLING, LOUD = 3, 20.0


def made_windows(rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    instruments = np.repeat(np.arange(INSTRUMENTS), RECORDINGS)
    windows = rng.standard_normal((len(instruments), VERSIONS, VALUES))
    windows[..., TELLING:] *= LOUD
    means = 10.0 * rng.standard_normal((INSTRUMENTS, TELLING))
    windows[..., :TELLING] += means[instruments][:, None] + 7.0
    return windows.astype(np.float32), instruments


@pytest.fixture
def windows() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    return made_windows(np.random.default_rng(3))


def test_names_other_instruments_better_than_the_values_before(
    windows: tuple[NDArray[np.float32], NDArray[np.int64]],
) -> None:
    kernel, bias = instrument_projection(*windows, TELLING)
    assert kernel.shape == (VALUES, TELLING)
    assert bias.shape == (TELLING,)
    assert kernel.dtype == bias.dtype == np.float32
    others, instruments = made_windows(np.random.default_rng(4))
    by_instrument = [others[instruments == one].reshape(-1, VALUES) for one in range(INSTRUMENTS)]
    before, after = (
        instrument_figures(some, np.random.default_rng(1)).at_home
        for some in (
            [one - windows[0].mean(axis=(0, 1)) for one in by_instrument],
            [one @ kernel + bias for one in by_instrument],
        )
    )
    assert after > 0.8 > before + 0.2


def test_mean_over_instruments_is_zero_whatever_their_number_of_recordings(
    windows: tuple[NDArray[np.float32], NDArray[np.int64]],
) -> None:
    samples, instruments = windows
    kept = np.flatnonzero((instruments % 2 == 0) | (np.arange(len(instruments)) % RECORDINGS == 0))
    samples, instruments = samples[kept], instruments[kept]
    kernel, bias = instrument_projection(samples, instruments, TELLING)
    projected = samples @ kernel + bias
    means = [projected[instruments == one].mean(axis=(0, 1)) for one in range(INSTRUMENTS)]
    np.testing.assert_allclose(np.mean(means, axis=0), 0.0, atol=1e-4)


def test_spread_within_an_instrument_is_the_same_in_every_direction(
    windows: tuple[NDArray[np.float32], NDArray[np.int64]],
) -> None:
    samples, instruments = windows
    kernel, bias = instrument_projection(samples, instruments, VALUES)
    projected = samples @ kernel + bias
    apart = [
        projected[instruments == one] - projected[instruments == one].mean(axis=(0, 1))
        for one in range(INSTRUMENTS)
    ]
    spread = np.concatenate(apart).reshape(-1, VALUES).std(axis=0)
    # Shrinkage makes the quiet directions of the input still quieter.
    assert spread.max() < 1.2
    assert np.sum(spread > 0.9) == VALUES - TELLING


def test_rejects_more_values_than_instruments_can_give() -> None:
    windows, instruments = np.zeros((8, 4, 6), np.float32), np.repeat(np.arange(4), 2)
    with pytest.raises(ValueError, match="4 instruments give at most 3 values"):
        instrument_projection(windows, instruments, 4)
