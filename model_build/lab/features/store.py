"""The chunks of all recordings on disk, so that any number of them needs little memory.

The folder's name is a hash of the recordings and the front end: a second run reuses it.
"""

import hashlib
import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from model_build.corpus.formats.labelled import Example, Left
from model_build.lab.data.sound import file_state, is_silent, read_example
from model_build.lab.executor.pool import Workers, open_pool, ordered
from model_build.lab.experiment import Augmentation, FrontEndSettings
from model_build.lab.features.copies import changed_copy
from model_build.lab.features.front_end import ChunkMaker
from model_build.lab.features.shard import Made, Shard
from model_build.lab.features.unfinished import MADE, VALUES, unfinished

_SHARD = 16
"""Recordings that a worker computes at once."""
_VALUE_BYTES = 4
_EDITION = 3
"""Raised when the same recordings and settings give other chunks, or the files another form."""


class Copies(NamedTuple):
    """The changed copies of the training recordings."""

    augmentation: Augmentation = Augmentation()
    """How many, and how they are changed; by default there are none."""
    seed: int = 1
    """Their seed."""


_NO_COPIES = Copies()

log = logging.getLogger(__name__)


class Features(NamedTuple):
    """The chunks of the usable recordings. A copy for another process maps the same file."""

    examples: list[Example]
    """The usable recordings."""
    values: NDArray[np.float32]
    """Chunks (chunks, frames, values), those of one recording next to each other."""
    owners: NDArray[np.int64]
    """The index of each chunk's recording, (chunks,)."""
    copies: NDArray[np.int64]
    """0 for a chunk of the recording itself, else the number of the changed copy, (chunks,)."""
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
    copies: Copies = _NO_COPIES,
) -> Features:
    """Compute the chunks of all recordings in a subfolder of `folder`, or reuse them.

    An interrupted computation continues. Recordings that cannot be decoded, or are silent, are left
    out. Raises InputError if none is left.
    """
    place = folder / _key(examples, settings, copies)
    chunk_bytes = settings.chunk_frames * settings.frame_values * _VALUE_BYTES
    made = _read(place, len(examples), chunk_bytes)
    if made is None:
        compute = partial(compute_shard, settings, copies)
        made = _make(examples, compute, place, chunk_bytes, workers)
    return _opened(examples, settings, place, made)


def compute_shard(settings: FrontEndSettings, copies: Copies, examples: Sequence[Example]) -> Shard:
    """Return the chunks of some recordings; those that cannot be used have a problem instead."""
    maker = ChunkMaker(settings)
    made = Made([], [], [])
    parts: list[bytes] = []
    for example in examples:
        versions, problem, sha256 = _versions(settings.sample_rate_hz, copies, example)
        chunks = [maker.chunks(version) for version in versions]
        parts += [values.tobytes() for values in chunks]
        made.extend(Made([[len(values) for values in chunks]], [problem], [sha256]))
    return Shard(b"".join(parts), made)


def _key(examples: Sequence[Example], settings: FrontEndSettings, copies: Copies) -> str:
    """Return a hash of the recordings and of everything else that decides their chunks."""
    states = [(one.file, *file_state(one.file), one.start_seconds, one.seconds) for one in examples]
    parts: list[object] = [_EDITION, msgspec.to_builtins(settings), states]
    if of_copies := copies.augmentation.of_copies:
        parts += [of_copies, copies.seed, [one.side for one in examples]]
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16]


def _make(
    examples: Sequence[Example],
    compute: Callable[[Sequence[Example]], Shard],
    place: Path,
    chunk_bytes: int,
    workers: Workers,
) -> Made:
    with unfinished(place, chunk_bytes) as growing:
        done = len(growing.made)
        if done:
            log.info("features: continuing after %d of %d recordings", done, len(examples))
        shards = [examples[start : start + _SHARD] for start in range(done, len(examples), _SHARD)]
        with open_pool(workers) as pool:
            for shard in ordered(pool, compute, shards, label="features"):
                growing.add(shard)
    return growing.made


def _read(place: Path, examples: int, chunk_bytes: int) -> Made | None:
    """Return what was computed before; None if there is nothing, or if its files are damaged."""
    made = Made([], [], [])
    try:
        for line in (place / MADE).read_bytes().splitlines():
            made.extend(msgspec.json.decode(line, type=Made))
        size = (place / VALUES).stat().st_size
    except (OSError, msgspec.DecodeError):
        return None
    return made if size == made.chunks * chunk_bytes and len(made) == examples else None


def _versions(
    rate_hz: int, copies: Copies, example: Example
) -> tuple[list[NDArray[np.float32]], str, str]:
    """Return the samples of a recording and of its copies, or why there are none, and a SHA-256."""
    try:
        samples = read_example(example, rate_hz)
    except InputError as error:
        return [], error.lines[0], ""
    if is_silent(samples):
        return [], "silent", ""
    versions = [samples]
    if example.side == "train":
        name = f"{copies.seed} {example.name} {example.start_seconds}"
        versions += [
            changed_copy(samples, copies.augmentation, rate_hz, f"{name} {number}")
            for number in range(copies.augmentation.copies)
        ]
    return versions, "", hashlib.sha256(samples.tobytes()).hexdigest()


def _opened(
    examples: Sequence[Example], settings: FrontEndSettings, place: Path, made: Made
) -> Features:
    kept = [one for one, problem in zip(examples, made.problems, strict=True) if not problem]
    if not kept:
        raise InputError(f"none of the recordings can be used; the first: {made.problems[0]}")
    left = [
        Left(one.name, "silent" if problem == "silent" else "broken", problem)
        for one, problem in zip(examples, made.problems, strict=True)
        if problem
    ]
    counts = [count for count in made.counts if count]
    shape = (made.chunks, settings.chunk_frames, settings.frame_values)
    values = np.memmap(place / VALUES, np.float32, "r", shape=shape)
    digests = [digest for digest in made.sha256s if digest]
    owners = np.repeat(np.arange(len(kept)), [sum(count) for count in counts])
    copies = np.concatenate([np.repeat(np.arange(len(count)), count) for count in counts])
    return Features(kept, values, owners, copies, digests, left, _sha256(kept, digests))


def _sha256(examples: Sequence[Example], digests: Sequence[str]) -> str:
    rows = [
        (one.name, one.labels, one.unknown, one.group, one.fold, one.side, one.start_seconds, sound)
        for one, sound in zip(examples, digests, strict=True)
    ]
    return hashlib.sha256(msgspec.json.encode(rows)).hexdigest()
