"""The sounds of one side of the split, drawn by family and source so that no source dominates."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from model_build.corpus.clips import Clip
from model_build.corpus.decoded import Sounds

BySource = dict[str, list[int]]


class Palette:
    """What can be drawn: phrases and notes by family, strokes and negatives by sort."""

    def __init__(self, clips: Iterable[tuple[int, Clip]], sounds: Sounds) -> None:
        """`clips` come with their place in `sounds`."""
        self._sounds = sounds
        self._places: dict[str, dict[str, BySource]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(list))
        )
        for place, clip in clips:
            label = clip.families[0] if clip.kind in {"phrase", "note"} else clip.label
            self._places[clip.kind][label][clip.source].append(place)

    def labels(self, kind: str) -> list[str]:
        """The families or sorts that there are clips of, sorted."""
        return sorted(self._places[kind])

    def sources(self, family: str, kinds: Sequence[str] = ("phrase", "note", "drum")) -> int:
        """From how many sources the family's clips of some kinds come; strokes are drums'."""
        found = [self._places[kind].get(family, {}) for kind in kinds if kind != "drum"]
        if family == "drums" and "drum" in kinds:
            found += self._places["drum"].values()
        return len({source for by_source in found for source in by_source})

    def one(self, kind: str, label: str, rng: np.random.Generator) -> NDArray[np.float32]:
        """Samples (n,) of one clip."""
        places = _source(self._places[kind][label], rng)
        return self._sounds[places[rng.integers(len(places))]]

    def several(
        self, kind: str, label: str, count: int, rng: np.random.Generator
    ) -> list[NDArray[np.float32]]:
        """Up to `count` clips of one source, neighbours in the manifest, each (n,)."""
        places = _source(self._places[kind][label], rng)
        first = int(rng.integers(max(1, len(places) - count + 1)))
        return [self._sounds[place] for place in places[first : first + count]]


def _source(by_source: Mapping[str, list[int]], rng: np.random.Generator) -> list[int]:
    """The clips of one source; one with four times the clips comes twice as often."""
    sources = sorted(by_source)
    weights = np.sqrt([len(by_source[source]) for source in sources])
    return by_source[sources[rng.choice(len(sources), p=weights / weights.sum())]]
