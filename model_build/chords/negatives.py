"""Sound without harmony: the corpus' speech and noise, and computed household noise."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from model_build.corpus.clip_sound import FULL_SCALE, decoded
from model_build.corpus.manifest import read_manifest, rows_of
from model_build.rendering.household.noises import SORTS, household_noise

TOGETHER = 4
"""Clips that are joined into one of about 16 s."""

_MUSICAL = ("church", "temple", "tuning", "bell", "music")
_HOUSEHOLD_SECONDS = 12.0


def negative_paths(
    corpus: Path | None, split: str, label: str, half: int | None = None
) -> list[Path]:
    """Return the negatives of a split with a label (`speech`, `noise`, `other`), sorted.

    Bells and anything named after music are left out. `half` 0 or 1 chooses one half of the groups,
    so that no recording is in both. Raises InputError if the corpus is missing or has none.
    """
    folder, manifest = read_manifest(corpus)
    rows = [
        row
        for row in rows_of(folder, manifest)
        if (row["kind"], row["split"], row["label"]) == ("negative", split, label)
        and not any(word in row["path"] for word in _MUSICAL)
    ]
    groups = sorted({row["group"] for row in rows})
    chosen = set(groups if half is None else groups[half::2])
    paths = sorted(folder / row["path"] for row in rows if row["group"] in chosen)
    if not paths:
        raise InputError(f"corpus {folder}: no {label} among the negatives of {split}; add some")
    return paths


def read_clip(path: Path) -> NDArray[np.float32]:
    """Return a clip's samples (n,) at 16 kHz; none if it is silent or cannot be decoded."""
    samples, _ = decoded(str(path))
    return samples.astype(np.float32) / np.float32(FULL_SCALE)


def joined(
    paths: list[Path], rng: np.random.Generator, most: int | None = None
) -> Iterator[NDArray[np.float32]]:
    """Yield clips in random order, TOGETHER at a time, at most `most` times."""
    order = rng.permutation(len(paths))
    groups = [order[k : k + TOGETHER] for k in range(0, len(order) - TOGETHER + 1, TOGETHER)]
    for group in groups[:most]:
        sound = np.concatenate([read_clip(paths[index]) for index in group])
        if sound.any():
            yield sound


def household_sounds(rng: np.random.Generator, of_each: int) -> Iterator[NDArray[np.float32]]:
    """Yield computed noises of a home (n,), `of_each` of every sort, at random levels."""
    for sort in SORTS:
        for _ in range(of_each):
            gain = np.float32(10.0 ** (rng.uniform(-40.0, -6.0) / 20.0))
            yield gain * household_noise(sort, rng, _HOUSEHOLD_SECONDS)
