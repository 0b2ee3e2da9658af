"""Read chunks from the file of the features."""

import mmap
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Chunks = NDArray[np.float32]

_PART_BYTES = 64_000_000


def read_chunks(values: Chunks, rows: NDArray[np.int64] | slice) -> Chunks:
    """Return a copy of some chunks, (rows, frames, values).

    What was read from a mapped file would count as memory of this process until it ends, so its
    pages are given back. They stay in the file cache while there is memory.
    """
    chunks = np.array(values[rows])
    mapped = getattr(values, "_mmap", None)
    if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
    return chunks


def read_parts(
    values: Chunks, rows: NDArray[np.int64], most: int | None = None
) -> Iterator[Chunks]:
    """Yield copies of some chunks, at most 64 MB and at most `most` chunks at a time."""
    size = max(1, _PART_BYTES // (values.itemsize * int(np.prod(values.shape[1:]))))
    size = size if most is None else min(size, most)
    for start in range(0, len(rows), size):
        yield read_chunks(values, rows[start : start + size])
