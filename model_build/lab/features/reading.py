"""Read chunks from the file of the features."""

import mmap

import numpy as np
from numpy.typing import NDArray

Chunks = NDArray[np.float32]


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
