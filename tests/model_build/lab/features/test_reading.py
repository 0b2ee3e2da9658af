"""Test that reading chunks from disk needs no memory for those read before."""

from pathlib import Path

import numpy as np
import pytest

from model_build.lab.features.reading import read_chunks, read_parts

_CHUNKS, _BYTES = 400, 400 * 250 * 100 * 4  # 40 MB


def mapped_bytes() -> int:
    """Return how much of the mapped files of this process is in its memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (kilobytes,) = [line.split()[1] for line in lines if line.startswith("RssFile")]
    return 1024 * int(kilobytes)


@pytest.fixture
def values(tmp_path: Path) -> np.memmap:
    made = np.arange(_CHUNKS * 25_000, dtype=np.float32).reshape(_CHUNKS, 250, 100)
    made.tofile(tmp_path / "values.float32")
    return np.memmap(tmp_path / "values.float32", np.float32, "r", shape=made.shape)


def test_chunks_are_right(values: np.memmap) -> None:
    rows = np.array([399, 0, 7])
    chunks = read_chunks(values, rows)
    assert chunks[:, 0, 0].tolist() == [399 * 25_000, 0, 7 * 25_000]
    assert type(chunks) is np.ndarray
    assert read_chunks(np.asarray(chunks), slice(1, 2))[0, 0, 1] == 1.0


def test_parts_have_8_megabytes_at_most_and_are_all_there(values: np.memmap) -> None:
    rows = np.tile(np.arange(_CHUNKS)[::-1], 2)
    sizes = [len(part) for part in read_parts(values, rows)]
    assert sizes == [80] * 10
    parts = list(read_parts(values, rows[:9], most=4))
    assert [len(part) for part in parts] == [4, 4, 1]
    assert np.array_equal(np.concatenate(parts), values[rows[:9]])


def test_chunks_read_before_take_no_memory(values: np.memmap) -> None:
    before = mapped_bytes()
    for start in range(0, _CHUNKS, 8):
        read_chunks(values, np.arange(start, start + 8))
    assert mapped_bytes() - before < _BYTES / 4
    total = float(values.sum())  # the same in one go
    assert total > 0
    assert mapped_bytes() - before > _BYTES / 2
