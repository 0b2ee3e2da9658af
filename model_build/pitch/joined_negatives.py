"""Longer clips without music: negatives of a corpus, joined by fours."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.sound.sound_file import read_sound
from model_build.corpus.manifest import read_manifest, rows_of

CLIPS = {"speech": 14, "noise": 14, "other": 12}
"""Number of joined clips of each sort."""

_SEED = 0
_SPLIT = "dev"
_JOINED = 4
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
        return np.concatenate([read_sound(str(path)) for path in self.paths])


def negative_files(corpus: Path | None, sort: str, split: str = _SPLIT) -> list[Path]:
    """Return the files of one sort, in the order of the manifest, without those named as music.

    Raises InputError if the corpus or its manifest is missing.
    """
    folder, manifest = read_manifest(corpus)
    return [
        folder / row["path"]
        for row in rows_of(folder, manifest)
        if (row["kind"], row["split"], row["label"]) == ("negative", split, sort)
        and not any(word in row["path"] for word in _LEFT_OUT)
    ]


def joined_negatives(corpus: Path | None, split: str = _SPLIT) -> list[JoinedNegative]:
    """Return the clips of all sorts, the same in every run; raises as `negative_files` does."""
    clips = []
    for sort, count in CLIPS.items():
        files = negative_files(corpus, sort, split)
        order = np.random.default_rng(_SEED).permutation(len(files))[: count * _JOINED]
        chosen = [files[k] for k in order.tolist()]
        starts = range(0, len(chosen) - _JOINED + 1, _JOINED)
        clips += [JoinedNegative(sort, tuple(chosen[k : k + _JOINED])) for k in starts]
    return clips
