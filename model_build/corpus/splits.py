"""Keeps a part of the training clips from training, by whole groups; dev is never touched."""

import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from daemon.errors import InputError
from model_build.corpus.clips import Clip


def held_groups(
    clips: Sequence[Clip], fraction: float, seed: int, families: Iterable[str]
) -> frozenset[str]:
    """Groups that are kept from training: about `fraction` of the clips of each kind and label.

    One instrument, player or recording is never on both sides. Raises InputError naming a family
    that has no clips on one of the sides.
    """
    held: set[str] = set()
    strata = _strata(clips)
    # The rarest first: what they hold back counts for the others too.
    for stratum in sorted(strata, key=lambda s: (len(strata[s]), s)):
        held |= _drawn(strata[stratum], held, fraction, _rng(seed, stratum))
    for family in families:
        groups = {clip.group for clip in clips if family in clip.families}
        if not groups & held or not groups - held:
            raise InputError(
                f"corpus: family {family!r} has {len(groups)} group(s) of training clips, too few "
                "for one on each side of the split; add recordings or leave it out of the recipe"
            )
    return frozenset(held)


def _strata(clips: Iterable[Clip]) -> dict[str, Counter[str]]:
    """How many clips each group has, by kind and family or label."""
    strata: dict[str, Counter[str]] = defaultdict(Counter)
    for clip in clips:
        strata[f"{clip.kind} {';'.join(clip.families) or clip.label}"][clip.group] += 1
    return strata


def _drawn(
    sizes: Counter[str], held: set[str], fraction: float, rng: np.random.Generator
) -> set[str]:
    """Groups of one stratum to hold beside those that are; never its last one."""
    wanted = fraction * sizes.total() - sum(sizes[group] for group in held)
    free = sorted(set(sizes) - held)
    drawn: set[str] = set()
    for group in rng.permutation(free)[: len(free) - 1]:
        if sizes[group] < 2 * wanted:  # nearer to what is wanted with it than without
            drawn.add(str(group))
            wanted -= sizes[group]
    if not drawn and not held & set(sizes) and len(free) > 1:
        drawn.add(min(free, key=lambda group: (sizes[group], group)))
    return drawn


def _rng(seed: int, stratum: str) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(stratum.encode())])
