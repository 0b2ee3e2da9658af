"""The memory that a network needs, so that a batch that is too large is made smaller in time.

On a CPU, a process that runs out of memory is killed: there is no error to react to.
"""

import logging
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from daemon.errors import InputError

_VALUE_BYTES = 4
_PASSES = 2
"""Each layer's output is kept until the gradient has passed it, and so is the gradient."""
_COPIES_OF_WEIGHTS = 4
"""The weights, their gradients and the two averages of Adam."""
_SCORED_BYTES = 256_000_000
_MOST_SCORED = 256
_MEMORY = Path("/proc/meminfo")
_GIGABYTE = 1e9

log = logging.getLogger(__name__)


def available_bytes() -> int | None:
    """Return the memory that is available; None if unknown, or if a GPU computes."""
    if tf.config.list_physical_devices("GPU") or not _MEMORY.is_file():
        return None
    for line in _MEMORY.read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return 1024 * int(value.split()[0])
    return None


def bytes_of_batch(network: keras.Model, batch_chunks: int) -> int:
    """Return an estimate of the memory in which a network is trained on a batch."""
    values = _PASSES * batch_chunks * _outputs(network)
    return _VALUE_BYTES * (values + _COPIES_OF_WEIGHTS * int(network.count_params()))


def batch_that_fits(network: keras.Model, batch_chunks: int, available: int | None) -> int:
    """Return the number of chunks in a batch, halved until it fits into the memory.

    Raises InputError if not even one chunk does.
    """
    size = batch_chunks
    while available is not None and bytes_of_batch(network, size) > available:
        if size == 1:
            raise too_small()
        size //= 2
    if size < batch_chunks:
        needed = bytes_of_batch(network, batch_chunks) / _GIGABYTE
        log.warning(
            "batches of %d chunks need about %.1f GB, more than is available; they get %d chunks",
            *(batch_chunks, needed, size),
        )
    return size


def scored_at_once(network: keras.Model) -> int:
    """Return the number of chunks whose scores a network computes at once, at least one."""
    return min(_MOST_SCORED, max(1, _SCORED_BYTES // (_VALUE_BYTES * max(1, _outputs(network)))))


def too_small() -> InputError:
    """Return the error of a model that cannot be trained in the memory there is."""
    return InputError(
        "training.batch_chunks: the memory is too small even for a batch of one chunk; use a "
        "smaller model, or shorter front_end.chunk_seconds"
    )


def _outputs(network: keras.Model) -> int:
    """Return the values of all layers' outputs for one chunk, and those of attention."""
    total = 0
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            # A trunk inside is applied to each patch of a chunk.
            total += max(1, len(getattr(layer, "_inbound_nodes", ()))) * _outputs(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            total += sum(
                int(np.prod(tensor.shape[1:])) for tensor in keras.tree.flatten(layer.output)
            )
        if isinstance(layer, keras.layers.MultiHeadAttention):
            # The products of all pairs of frames, before and after the softmax.
            total += 2 * layer.num_heads * int(layer.output.shape[1]) ** 2
    return total
