"""Initial weights that depend on the seed only, whatever else draws random numbers."""

import contextlib
import random
from collections.abc import Iterator

from keras.src.random import seed_generator


@contextlib.contextmanager
def seeded_weights(seed: int) -> Iterator[None]:
    """Let Keras' initialisers draw their seeds from a generator of their own.

    Otherwise they draw from Python's, which other threads use as well, such as those of a Dask
    worker: a network would start from other weights than on one machine.
    """
    before = seed_generator.python_random
    seed_generator.python_random = random.Random(seed)  # noqa: S311 (not for secrets)
    try:
        yield
    finally:
        seed_generator.python_random = before
