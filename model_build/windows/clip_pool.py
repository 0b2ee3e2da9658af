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

    def __init__(
        self,
        clips: Iterable[tuple[int, Clip]],
        sounds: Sounds,
        *,
        source_exponent: float = 0.5,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        """Take pairs of a clip's index in `sounds` and the clip.

        A source is drawn in proportion to its number of clips raised to `source_exponent`.
        `weights` says by path how often a clip is drawn compared with others, 1 where it is
        missing.
        """
        self._sounds = sounds
        self._source_exponent = source_exponent
        self._weights: dict[int, float] = {}
        self._indices: dict[str, dict[str, BySource]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(list))
        )
        for index, clip in clips:
            label = clip.families[0] if clip.kind in {"phrase", "note"} else clip.label
            self._indices[clip.kind][label][clip.source].append(index)
            if weights and clip.path in weights:
                self._weights[index] = weights[clip.path]

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
        indices = self._draw_source(self._indices[kind][label], rng)
        weights = np.array([self._weights.get(index, 1.0) for index in indices])
        return self._sounds[indices[rng.choice(len(indices), p=weights / weights.sum())]]

    def several(
        self, kind: str, label: str, count: int, rng: np.random.Generator
    ) -> list[NDArray[np.float32]]:
        """Return up to `count` clips of one source, neighbours in the manifest, each (n,)."""
        indices = self._draw_source(self._indices[kind][label], rng)
        first = int(rng.integers(max(1, len(indices) - count + 1)))
        return [self._sounds[index] for index in indices[first : first + count]]

    def _draw_source(
        self, by_source: Mapping[str, list[int]], rng: np.random.Generator
    ) -> list[int]:
        """Return the clips of one source, drawn by their number and mean weight."""
        sources = sorted(by_source)
        weights = np.array([self._weight(by_source[source]) for source in sources])
        return by_source[sources[rng.choice(len(sources), p=weights / weights.sum())]]

    def _weight(self, indices: Sequence[int]) -> float:
        mean = sum(self._weights.get(index, 1.0) for index in indices) / len(indices)
        return float(mean * len(indices) ** self._source_exponent)
