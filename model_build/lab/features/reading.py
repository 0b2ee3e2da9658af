"""Read chunks from the file of the features."""

import mmap
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Chunks = NDArray[np.float32]

_PART_BYTES = 8_000_000
_MAPPED_BYTES = 2_000_000


def read_chunks(values: Chunks, rows: NDArray[np.int64] | slice) -> Chunks:
    """Return a copy of some chunks, (rows, frames, values).

    What was read from a mapped file would count as memory of this process until it ends, so its
    pages are given back after every few megabytes. They stay in the file cache while there is
    memory.
    """
    mapped = getattr(values, "_mmap", None)
    if not isinstance(mapped, mmap.mmap) or not hasattr(mmap, "MADV_DONTNEED"):
        return np.array(values[rows])
    if isinstance(rows, slice):
        rows = np.arange(len(values))[rows]
    chunks = np.empty((len(rows), *values.shape[1:]), values.dtype)
    step = _chunks_in(_MAPPED_BYTES, values)
    for start in range(0, len(rows), step):
        chunks[start : start + step] = values[rows[start : start + step]]
        mapped.madvise(mmap.MADV_DONTNEED)
    return chunks


def read_parts(
    values: Chunks, rows: NDArray[np.int64], most: int | None = None
) -> Iterator[Chunks]:
    """Yield copies of some chunks, at most 8 MB and at most `most` chunks at a time."""
    size = _chunks_in(_PART_BYTES, values)
    size = size if most is None else min(size, most)
    for start in range(0, len(rows), size):
        yield read_chunks(values, rows[start : start + size])


def _chunks_in(size: int, values: Chunks) -> int:
    """Return how many chunks have `size` bytes, at least 1."""
    return max(1, size // (values.itemsize * int(np.prod(values.shape[1:]))))
