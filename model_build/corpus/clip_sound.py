"""The sound of a single clip, decoded from its file."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.sound.sound_file import read_sound
from model_build.corpus.clips import Clip, Corpus, Skipped

FULL_SCALE = 32_767
_SILENT_PEAK = 1e-4  # -80 dBFS

Samples = NDArray[np.float32]
ReadClip: TypeAlias = Callable[[Clip], Samples]
"""Returns the samples (n,) of a clip, in -1..1 at 16 kHz."""


def clip_reader(corpus: Corpus) -> ReadClip:
    """Return a function that decodes a clip of the corpus."""
    return lambda clip: read_sound(str(corpus.folder / clip.path))


def usable(clips: Sequence[Clip], folder: Path) -> tuple[list[Clip], list[Skipped]]:
    """Return the clips that can be decoded and are not silent, and the others."""
    kept, skipped = [], []
    for clip in clips:
        _, problem = decoded(str(folder / clip.path))
        if problem:
            skipped.append(Skipped(clip.path, problem))
        else:
            kept.append(clip)
    return kept, skipped


def decoded(path: str) -> tuple[NDArray[np.int16], str]:
    """Return a file's samples, (n,) at 16 kHz, or none and the reason it cannot be used."""
    try:
        samples = read_sound(path)
    except InputError as error:
        return np.empty(0, np.int16), str(error)
    if np.abs(samples).max(initial=0.0) < _SILENT_PEAK:
        return np.empty(0, np.int16), "silent"
    return np.rint(np.clip(samples, -1.0, 1.0) * FULL_SCALE).astype(np.int16), ""
