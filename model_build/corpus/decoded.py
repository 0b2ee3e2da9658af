"""All clips decoded once, into one array on disk that every worker process maps."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_build.corpus.clip_sound import FULL_SCALE, decoded
from model_build.corpus.clips import Clip, Skipped
from model_build.workers import parallel_map


class Sounds:
    """The samples of decoded clips, by their index in the list that `decode` returned."""

    def __init__(self, folder: Path) -> None:
        self._samples = np.memmap(folder / "samples.int16", np.int16, "r")
        self._ends = np.load(folder / "ends.npy")

    def __getitem__(self, index: int) -> NDArray[np.float32]:
        """Return samples (n,) in -1..1 at 16 kHz."""
        start = self._ends[index - 1] if index else 0
        return self._samples[start : self._ends[index]].astype(np.float32) / np.float32(FULL_SCALE)


def decode(
    clips: Sequence[Clip], corpus: Path, folder: Path, workers: int | None = None
) -> tuple[list[Clip], list[Skipped]]:
    """Decode the clips into the folder; return those written, and those unreadable or silent."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [str(corpus / clip.path) for clip in clips]
    kept, skipped, ends = [], [], [0]
    with (folder / "samples.int16").open("wb") as file:
        for clip, (samples, problem) in zip(
            clips, parallel_map(decoded, paths, label="decoding", workers=workers), strict=True
        ):
            if problem:
                skipped.append(Skipped(clip.path, problem))
                continue
            kept.append(clip)
            ends.append(ends[-1] + len(samples))
            file.write(samples.tobytes())
    np.save(folder / "ends.npy", ends[1:])
    return kept, skipped
