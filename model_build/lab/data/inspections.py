"""All recordings inspected, on disk, so that a second look reuses them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from model_build.corpus.formats.labelled import Example
from model_build.lab.data.inspection import VALUES, Facts, Inspected, inspect_example
from model_build.lab.data.new_folder import new_folder
from model_build.lab.data.sound import file_state
from model_build.lab.executor.pool import Workers, open_pool, ordered

_FACTS, _VECTORS, _SOUNDS = "facts.json", "vectors.float32", "sounds.float16"
_EDITION = 1
"""Raised when an inspection finds something else in the same file."""


class _Kept(msgspec.Struct, frozen=True):
    facts: list[Facts]
    lengths: list[int]


class Inspections(NamedTuple):
    """What is known of each recording, in their order."""

    facts: list[Facts]
    """Their facts."""
    vectors: NDArray[np.float32]
    """Their timbres (recordings, VALUES), on disk; zeros for unusable ones."""
    sounds: list[NDArray[np.float16]]
    """Their first sound at RATE_HZ, on disk; empty for unusable ones."""


def inspect_all(examples: Sequence[Example], folder: Path, workers: Workers = None) -> Inspections:
    """Inspect all recordings, keeping the results in a subfolder of `folder`, or reuse them."""
    place = folder / key_of(examples)
    kept = _read(place, len(examples))
    if kept is None:
        kept = _make(examples, place, workers)
    return _opened(place, kept)


def key_of(examples: Sequence[Example]) -> str:
    """Return a hash of the files' names, sizes and times, and of the segments."""
    states = [(one.file, *file_state(one.file), one.start_seconds, one.seconds) for one in examples]
    return hashlib.sha256(msgspec.json.encode([_EDITION, states])).hexdigest()[:16]


def _make(examples: Sequence[Example], place: Path, workers: Workers) -> _Kept:
    kept = _Kept([], [])
    with new_folder(place) as fresh:
        with (
            open_pool(workers) as pool,
            (fresh / _VECTORS).open("wb") as vectors,
            (fresh / _SOUNDS).open("wb") as sounds,
        ):
            found: Inspected
            for found in ordered(pool, inspect_example, examples, label="inspecting"):
                vectors.write(found.vector.tobytes())
                sounds.write(found.sound.tobytes())
                kept.facts.append(found.facts)
                kept.lengths.append(len(found.sound))
        (fresh / _FACTS).write_bytes(msgspec.json.encode(kept))
    return kept


def _read(place: Path, examples: int) -> _Kept | None:
    """Return what was found before; None if there is nothing, or if its files are damaged."""
    try:
        kept = msgspec.json.decode((place / _FACTS).read_bytes(), type=_Kept)
        vectors, sounds = ((place / name).stat().st_size for name in (_VECTORS, _SOUNDS))
    except (OSError, msgspec.DecodeError):
        return None
    is_whole = (
        len(kept.facts) == len(kept.lengths) == examples
        and vectors == examples * VALUES * np.dtype(np.float32).itemsize
        and sounds == sum(kept.lengths) * np.dtype(np.float16).itemsize
    )
    return kept if is_whole else None


def _opened(place: Path, kept: _Kept) -> Inspections:
    shape = (len(kept.facts), VALUES)
    vectors = np.memmap(place / _VECTORS, np.float32, "r", shape=shape)
    ends = np.cumsum(kept.lengths)
    sounds = np.empty(0, np.float16)
    if ends[-1]:  # an empty file cannot be mapped
        sounds = np.memmap(place / _SOUNDS, np.float16, "r")
    return Inspections(kept.facts, vectors, np.split(sounds, ends[:-1]))
