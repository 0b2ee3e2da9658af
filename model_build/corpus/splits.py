"""Holds some groups of the training clips out of training; dev clips are not touched."""

import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from daemon.errors import InputError
from model_build.corpus.clips import Clip


def held_groups(
    clips: Sequence[Clip], fraction: float, seed: int, families: Iterable[str], *, added: str = ""
) -> frozenset[str]:
    """Return the groups to hold out: about `fraction` of the clips of each kind and label.

    Whole groups are held out, so that no instrument, player or recording is on both sides. Clips
    whose path begins with `added` do not change which groups of the others are held out. Raises
    InputError naming a family that has no clips on one of the sides.
    """
    earlier = [clip for clip in clips if not (added and clip.path.startswith(added))]
    held = _held(earlier, fraction, seed)
    if added:
        known = {clip.group for clip in earlier}
        held |= _held([clip for clip in clips if clip.group not in known], fraction, seed)
    for family in families:
        groups = {clip.group for clip in clips if family in clip.families}
        if not groups & held or not groups - held:
            raise InputError(
                f"corpus: family {family!r} has {len(groups)} group(s) of training clips, too few "
                "for one on each side of the split; add recordings or leave it out of the recipe"
            )
    return frozenset(held)


def _held(clips: Sequence[Clip], fraction: float, seed: int) -> set[str]:
    held: set[str] = set()
    strata = _strata(clips)
    # The rarest stratum first: a group that it holds out counts for the other strata, too.
    for stratum in sorted(strata, key=lambda s: (len(strata[s]), s)):
        held |= _drawn_groups(strata[stratum], held, fraction, _rng(seed, stratum))
    return held


def _strata(clips: Iterable[Clip]) -> dict[str, Counter[str]]:
    """Count the clips of each group, by kind and by families (or label, if there are none)."""
    strata: dict[str, Counter[str]] = defaultdict(Counter)
    for clip in clips:
        strata[f"{clip.kind} {';'.join(clip.families) or clip.label}"][clip.group] += 1
    return strata


def _drawn_groups(
    sizes: Counter[str], held: set[str], fraction: float, rng: np.random.Generator
) -> set[str]:
    """Return further groups of one stratum to hold out, never all of its groups.

    `sizes` counts the clips of each group; `held` are the groups that are held out already.
    """
    wanted = fraction * sizes.total() - sum(sizes[group] for group in held)
    free = sorted(set(sizes) - held)
    drawn: set[str] = set()
    for group in rng.permutation(free)[: len(free) - 1]:
        if sizes[group] < 2 * wanted:  # closer to the wanted number with it than without
            drawn.add(str(group))
            wanted -= sizes[group]
    if not drawn and not held & set(sizes) and len(free) > 1:
        drawn.add(min(free, key=lambda group: (sizes[group], group)))
    return drawn


def _rng(seed: int, stratum: str) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(stratum.encode())])
