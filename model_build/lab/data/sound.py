"""The sound of an example at any sample rate, and why it cannot be used."""

import os
import stat
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.sound.sound_file import read_sound
from model_build.corpus.formats.labelled import Example, Labelled, Left
from model_build.workers import parallel_map

Samples = NDArray[np.float32]

_SILENT_PEAK = 1e-4  # -80 dBFS


def is_silent(samples: Samples) -> bool:
    """Return whether a recording contains no sound that a model could be trained on."""
    return float(np.abs(samples).max(initial=0.0)) < _SILENT_PEAK


def read_example(example: Example, rate_hz: int) -> Samples:
    """Return the samples (n,) of an example, mono, in -1..1.

    Raises InputError if its file cannot be decoded, or contains no sound at that place.
    """
    _check_regular(example.file)
    if example.seconds is None:
        return read_sound(example.file, rate_hz)
    samples = _last_file(example.file, rate_hz, file_state(example.file))
    start = round(example.start_seconds * rate_hz)
    part = samples[start : start + round(example.seconds * rate_hz)]
    if not len(part):
        raise InputError(f"{example.file}: it ends before {example.start_seconds:g} s")
    return part


def _check_regular(file: str) -> None:
    """Refuse pipes and devices: reading one would never end."""
    try:
        mode = os.stat(file).st_mode  # noqa: PTH116 (20,000 Path objects are slower)
    except OSError:
        return  # the decoder names the reason
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise InputError(f"{file}: a pipe or a device; replace it by a file")


@lru_cache(maxsize=1)
def _last_file(file: str, rate_hz: int, _state: tuple[int, int]) -> Samples:
    """Return the samples of a whole file, whose segments come one after the other.

    `_state` is its size and time, so that a changed file is read again.
    """
    samples = read_sound(file, rate_hz)
    samples.flags.writeable = False
    return samples


def file_state(file: str) -> tuple[int, int]:
    """Return size and time of a file, which tell whether it was changed; -1 if it is missing."""
    try:
        state = os.stat(file)  # noqa: PTH116 (20,000 Path objects are slower)
    except OSError:
        return -1, -1
    return state.st_size, state.st_mtime_ns


def without_broken(labelled: Labelled, workers: int | None = None) -> Labelled:
    """Return the recordings without those that cannot be decoded, which are listed as broken."""
    files = sorted({example.file for example in labelled.examples})
    faults = dict(
        zip(files, parallel_map(_fault, files, label="decoding", workers=workers), strict=True)
    )
    return Labelled(
        [one for one in labelled.examples if not faults[one.file]],
        labelled.left + list(_broken(labelled.examples, faults)),
    )


def _broken(examples: Iterable[Example], faults: dict[str, str]) -> Iterable[Left]:
    for example in examples:
        if faults[example.file]:
            yield Left(example.name, "broken", faults[example.file])


def _fault(file: str) -> str:
    try:
        read_sound(file)
    except InputError as error:
        return error.lines[0]
    return ""
