import numpy as np
import pytest
from numpy.typing import NDArray

from model_build.training.quantization.acceptance import score_differences

SOUNDS = {"silence": np.zeros((2, 4, 3), np.float32), "hum": np.ones((2, 4, 3), np.float32)}


def test_differences_are_listed_by_sound_and_conversion() -> None:
    zero, one = np.zeros((2, 3), np.float32), np.full((2, 3), 9.0, np.float32)

    def unmoved(_: NDArray[np.float32]) -> NDArray[np.float32]:
        return zero

    def moved(patches: NDArray[np.float32]) -> NDArray[np.float32]:
        return one if patches.any() else zero

    networks = {"keras": unmoved, "savedmodel": unmoved, "int8": moved}
    assert score_differences(networks, SOUNDS) == {
        "silence, keras to savedmodel": 0.0,
        "hum, keras to savedmodel": 0.0,
        "all sounds, keras to savedmodel": 0.0,
        "silence, savedmodel to int8": 0.0,
        "hum, savedmodel to int8": pytest.approx(0.49988, abs=1e-4),
        "all sounds, savedmodel to int8": pytest.approx(0.49988, abs=1e-4),
    }
