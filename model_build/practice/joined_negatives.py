"""Sound without music: negatives of a corpus, as they are and joined by fours."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from model_build.corpus.clip_sound import FULL_SCALE, decoded
from model_build.corpus.manifest import read_manifest, rows_of

CLIPS = {"speech": 14, "noise": 14, "other": 12}
"""Number of joined clips of each sort that analysers are measured on."""
TOGETHER = 4
"""Files in a joined clip of about 16 s."""

_SEED = 0
_DEV = "dev"
# Recordings that may hold music.
_LEFT_OUT = ("church", "temple", "tuning", "bell", "music")


class JoinedNegative(NamedTuple):
    """A clip of about 16 s."""

    sort: str
    """`speech`, `noise` or `other`."""
    paths: tuple[Path, ...]
    """The files that it consists of, in order."""

    def read(self) -> NDArray[np.float32]:
        """Return its samples (n,) at 16 kHz."""
        return np.concatenate([read_clip(path) for path in self.paths])


def negative_files(
    corpus: Path | None, sort: str, split: str = _DEV, half: int | None = None
) -> list[Path]:
    """Return the files of one sort, in the order of the manifest, without those named as music.

    `half` 0 or 1 chooses one half of the groups, so that no recording is in both. Raises InputError
    if the corpus is missing or has none.
    """
    folder, manifest = read_manifest(corpus)
    rows = [
        row
        for row in rows_of(folder, manifest)
        if (row["kind"], row["split"], row["label"]) == ("negative", split, sort)
        and not any(word in row["path"] for word in _LEFT_OUT)
    ]
    groups = sorted({row["group"] for row in rows})
    chosen = set(groups if half is None else groups[half::2])
    files = [folder / row["path"] for row in rows if row["group"] in chosen]
    if not files:
        raise InputError(f"corpus {folder}: no {sort} among the negatives of {split}; add some")
    return files


def joined_negatives(corpus: Path | None) -> list[JoinedNegative]:
    """Return the clips of all sorts, the same in every run; raises as `negative_files` does."""
    clips = []
    for sort, count in CLIPS.items():
        rng = np.random.default_rng(_SEED)
        clips += [JoinedNegative(sort, g) for g in by_fours(negative_files(corpus, sort), rng)][
            :count
        ]
    return clips


def by_fours(files: list[Path], rng: np.random.Generator) -> Iterator[tuple[Path, ...]]:
    """Yield the files in random order, four at a time; up to three are left over."""
    order = rng.permutation(len(files)).tolist()
    for first in range(0, len(order) - TOGETHER + 1, TOGETHER):
        yield tuple(files[k] for k in order[first : first + TOGETHER])


def read_clip(path: Path) -> NDArray[np.float32]:
    """Return a clip's samples (n,) at 16 kHz; none if it is silent or cannot be decoded."""
    samples, _ = decoded(str(path))
    return samples.astype(np.float32) / np.float32(FULL_SCALE)
