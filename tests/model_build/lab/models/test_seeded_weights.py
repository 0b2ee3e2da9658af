import random

import keras
import numpy as np

from model_build.lab.models.seeded_weights import seeded_weights


def first_weights(*, is_disturbed: bool) -> np.ndarray:
    keras.utils.set_random_seed(3)
    with seeded_weights(3):
        if is_disturbed:
            random.getrandbits(32)  # as another thread does
        return np.asarray(keras.initializers.GlorotUniform()((4, 4)))


def test_initial_weights_do_not_depend_on_what_other_threads_draw() -> None:
    undisturbed = first_weights(is_disturbed=False)
    np.testing.assert_array_equal(first_weights(is_disturbed=True), undisturbed)


def test_initial_weights_are_those_of_the_seed_of_the_process() -> None:
    made = first_weights(is_disturbed=False)
    keras.utils.set_random_seed(3)
    np.testing.assert_array_equal(np.asarray(keras.initializers.GlorotUniform()((4, 4))), made)
