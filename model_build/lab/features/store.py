"""The chunks of all recordings on disk, so that any number of them needs little memory.

The folder's name is a hash of the recordings and the front end: a second run reuses it.
"""

import hashlib
import os
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from model_build.corpus.formats.labelled import Example, Left
from model_build.lab.data.sound import read_example
from model_build.lab.executor.pool import Workers, open_pool, ordered
from model_build.lab.experiment import FrontEndSettings
from model_build.lab.features.front_end import ChunkMaker

_SILENT_PEAK = 1e-4  # -80 dBFS
_DONE = "made.json"
_VALUES = "values.float32"


class _Made(msgspec.Struct, frozen=True):
    counts: list[int]
    problems: list[str]
    sha256s: list[str]


class Features(NamedTuple):
    """The chunks of the usable recordings. A copy for another process maps the same file."""

    examples: list[Example]
    """The usable recordings."""
    values: NDArray[np.float32]
    """Chunks (chunks, frames, values), those of one recording next to each other."""
    owners: NDArray[np.int64]
    """The index of each chunk's recording, (chunks,)."""
    sounds: list[str]
    """SHA-256 of the samples of each usable recording."""
    left: list[Left]
    """The other recordings."""
    sha256: str
    """SHA-256 of the names, labels and contents of the usable recordings."""

    def __reduce__(self) -> tuple[Any, ...]:
        if not isinstance(self.values, np.memmap):
            return Features, tuple(self)
        others = {name: value for name, value in self._asdict().items() if name != "values"}
        return _mapped, (str(self.values.filename), self.values.shape, others)


def _mapped(file: str, shape: tuple[int, ...], others: dict[str, Any]) -> Features:
    return Features(values=np.memmap(file, np.float32, "r", shape=shape), **others)


def make_features(
    examples: Sequence[Example],
    settings: FrontEndSettings,
    folder: Path,
    workers: Workers = None,
) -> Features:
    """Compute the chunks of all recordings in a subfolder of `folder`, or reuse them.

    Recordings that cannot be decoded, or are silent, are left out. Raises InputError if none is
    left.
    """
    place = folder / _key(examples, settings)
    if not (place / _DONE).is_file():
        _make(examples, settings, place, workers)
    return _opened(examples, settings, place)


def _key(examples: Sequence[Example], settings: FrontEndSettings) -> str:
    states = [(one.file, *_state(one.file), one.start_seconds, one.seconds) for one in examples]
    text = msgspec.json.encode([msgspec.to_builtins(settings), states])
    return hashlib.sha256(text).hexdigest()[:16]


def _state(file: str) -> tuple[int, int]:
    try:
        state = os.stat(file)  # noqa: PTH116 (20,000 Path objects are slower)
    except OSError:
        return (-1, -1)
    return state.st_size, state.st_mtime_ns


def _make(
    examples: Sequence[Example], settings: FrontEndSettings, place: Path, workers: Workers
) -> None:
    fresh = place.with_name(f".new-{place.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    made = _Made([], [], [])
    work = partial(_chunks, settings)
    with (fresh / _VALUES).open("wb") as file, open_pool(workers) as pool:
        for values, problem, sha256 in ordered(pool, work, examples, label="features"):
            file.write(values.tobytes())
            made.counts.append(len(values))
            made.problems.append(problem)
            made.sha256s.append(sha256)
    (fresh / _DONE).write_bytes(msgspec.json.encode(made))
    shutil.rmtree(place, ignore_errors=True)
    fresh.rename(place)


def _chunks(settings: FrontEndSettings, example: Example) -> tuple[NDArray[np.float32], str, str]:
    """Return the chunks of a recording, or why it has none, and the SHA-256 of its samples."""
    nothing = np.empty((0, 0, 0), np.float32)
    try:
        samples = read_example(example, settings.sample_rate_hz)
    except InputError as error:
        return nothing, error.lines[0], ""
    if np.abs(samples).max(initial=0.0) < _SILENT_PEAK:
        return nothing, "silent", ""
    sha256 = hashlib.sha256(samples.tobytes()).hexdigest()
    return ChunkMaker(settings).chunks(samples), "", sha256


def _opened(examples: Sequence[Example], settings: FrontEndSettings, place: Path) -> Features:
    made = msgspec.json.decode((place / _DONE).read_bytes(), type=_Made)
    kept = [one for one, problem in zip(examples, made.problems, strict=True) if not problem]
    if not kept:
        raise InputError(f"none of the recordings can be used; the first: {made.problems[0]}")
    left = [
        Left(one.name, "silent" if problem == "silent" else "broken", problem)
        for one, problem in zip(examples, made.problems, strict=True)
        if problem
    ]
    counts = [count for count in made.counts if count]
    shape = (sum(counts), settings.chunk_frames, settings.frame_values)
    values = np.memmap(place / _VALUES, np.float32, "r", shape=shape)
    digests = [digest for digest in made.sha256s if digest]
    owners = np.repeat(np.arange(len(kept)), counts)
    return Features(kept, values, owners, digests, left, _sha256(kept, digests))


def _sha256(examples: Sequence[Example], digests: Sequence[str]) -> str:
    rows = [
        (one.name, one.labels, one.unknown, one.group, one.fold, one.side, one.start_seconds, sound)
        for one, sound in zip(examples, digests, strict=True)
    ]
    return hashlib.sha256(msgspec.json.encode(rows)).hexdigest()
