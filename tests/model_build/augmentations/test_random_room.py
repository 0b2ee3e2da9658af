import numpy as np
import pytest

from model_build.augmentations.random_room import random_room_response
from model_build.augmentations.room import shoebox_response


def test_draws_distance_and_reverberation_from_their_ranges() -> None:
    rng, again = np.random.default_rng(3), np.random.default_rng(3)
    response = random_room_response(rng, distance_metres=(0.5, 1.0), rt60_seconds=(0.3, 0.4))
    metres, seconds = again.uniform(0.5, 1.0), again.uniform(0.3, 0.4)
    expected = shoebox_response(again, distance_metres=metres, rt60_seconds=seconds)
    assert np.array_equal(response, expected)


def test_keeps_a_fixed_distance() -> None:
    rng, again = np.random.default_rng(3), np.random.default_rng(3)
    response = random_room_response(rng, distance_metres=1.0, rt60_seconds=(0.3, 0.4))
    seconds = again.uniform(0.3, 0.4)
    expected = shoebox_response(again, distance_metres=1.0, rt60_seconds=seconds)
    assert np.array_equal(response, expected)


def test_rejects_reverberation_that_no_room_has() -> None:
    with pytest.raises(ValueError, match=r"no room holds 2.0 m and is as dry as \(0.02, 0.03\) s"):
        random_room_response(
            np.random.default_rng(1), distance_metres=2.0, rt60_seconds=(0.02, 0.03)
        )
