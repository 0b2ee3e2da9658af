"""Every clip's sound, decoded once, in one array on disk that all worker processes map."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.sound.sound_file import read_sound
from model_build.corpus.clips import Clip, Skipped
from model_build.workers import each

_SILENT_PEAK = 1e-4  # -80 dBFS
_FULL_SCALE = 32_767

Decoded = tuple[NDArray[np.int16], str]


class Sounds:
    """The sound of the clips that `decode` kept, by their place in its list."""

    def __init__(self, folder: Path) -> None:
        self._samples = np.memmap(folder / "samples.int16", np.int16, "r")
        self._ends = np.load(folder / "ends.npy")

    def __getitem__(self, index: int) -> NDArray[np.float32]:
        """Samples (n,) in -1..1 at 16 kHz."""
        start = self._ends[index - 1] if index else 0
        return self._samples[start : self._ends[index]].astype(np.float32) / np.float32(_FULL_SCALE)


def decode(
    clips: Sequence[Clip], corpus: Path, folder: Path, workers: int | None = None
) -> tuple[list[Clip], list[Skipped]]:
    """Decode the clips into the folder; return those kept, and those unreadable or silent."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [str(corpus / clip.path) for clip in clips]
    kept, skipped, ends = [], [], [0]
    with (folder / "samples.int16").open("wb") as file:
        for clip, (samples, wrong) in zip(
            clips, each(_decoded, paths, what="decoding", workers=workers), strict=True
        ):
            if wrong:
                skipped.append(Skipped(clip.path, wrong))
                continue
            kept.append(clip)
            ends.append(ends[-1] + len(samples))
            file.write(samples.tobytes())
    np.save(folder / "ends.npy", ends[1:])
    return kept, skipped


def usable(clips: Sequence[Clip], corpus: Path) -> tuple[list[Clip], list[Skipped]]:
    """The clips that can be heard, and those unreadable or silent."""
    kept, skipped = [], []
    for clip in clips:
        _, wrong = _decoded(str(corpus / clip.path))
        if wrong:
            skipped.append(Skipped(clip.path, wrong))
        else:
            kept.append(clip)
    return kept, skipped


def _decoded(path: str) -> Decoded:
    try:
        samples = read_sound(path)
    except InputError as error:
        return np.empty(0, np.int16), str(error)
    if np.abs(samples).max(initial=0.0) < _SILENT_PEAK:
        return np.empty(0, np.int16), "silent"
    return np.rint(np.clip(samples, -1.0, 1.0) * _FULL_SCALE).astype(np.int16), ""
