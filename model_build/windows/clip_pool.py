"""The clips of one side of the split, drawn so that no source dominates."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from model_build.corpus.clips import Clip
from model_build.corpus.decoded import Sounds

BySource = dict[str, list[int]]


class ClipPool:
    """Phrases and notes by family, drum strokes and negatives by sort."""

    def __init__(self, clips: Iterable[tuple[int, Clip]], sounds: Sounds) -> None:
        """Take pairs of a clip's index in `sounds` and the clip."""
        self._sounds = sounds
        self._indices: dict[str, dict[str, BySource]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(list))
        )
        for index, clip in clips:
            label = clip.families[0] if clip.kind in {"phrase", "note"} else clip.label
            self._indices[clip.kind][label][clip.source].append(index)

    def labels(self, kind: str) -> list[str]:
        """Return the families or sorts that have clips of this kind, sorted."""
        return sorted(self._indices[kind])

    def sources(self, family: str, kinds: Sequence[str] = ("phrase", "note", "drum")) -> int:
        """Return the number of sources of the family's clips; drum strokes belong to `drums`."""
        found = [self._indices[kind].get(family, {}) for kind in kinds if kind != "drum"]
        if family == "drums" and "drum" in kinds:
            found += self._indices["drum"].values()
        return len({source for by_source in found for source in by_source})

    def one(self, kind: str, label: str, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return the samples (n,) of one clip."""
        indices = _draw_source(self._indices[kind][label], rng)
        return self._sounds[indices[rng.integers(len(indices))]]

    def several(
        self, kind: str, label: str, count: int, rng: np.random.Generator
    ) -> list[NDArray[np.float32]]:
        """Return up to `count` clips of one source, neighbours in the manifest, each (n,)."""
        indices = _draw_source(self._indices[kind][label], rng)
        first = int(rng.integers(max(1, len(indices) - count + 1)))
        return [self._sounds[index] for index in indices[first : first + count]]


def _draw_source(by_source: Mapping[str, list[int]], rng: np.random.Generator) -> list[int]:
    """Return the clips of one source, drawn by the square root of its number of clips."""
    sources = sorted(by_source)
    weights = np.sqrt([len(by_source[source]) for source in sources])
    return by_source[sources[rng.choice(len(sources), p=weights / weights.sum())]]
