"""What an evaluation heard in, the clips that a model got most wrong out."""

from collections import Counter
from typing import NamedTuple

from model_build.evaluation.details import Details, Said, Shown

NOTHING = "nothing"
OF_A_SORT = 2  # at most, with the same truth and the same mistake


class Mistake(NamedTuple):
    """A clip, and the families that a model scored highest, best first."""

    path: str
    shown: Shown
    said: list[tuple[str, float]]
    true_score: float

    @property
    def margin(self) -> float:
        """How far the highest score lies above the best of those that would be right."""
        return self.said[0][1] - self.true_score


def worst(details: Details, said: Said, count: int) -> list[Mistake]:
    """The worst mistakes; one of a source, and few of a sort, so that they teach more."""
    sources: set[str] = set()
    sorts: Counter[tuple[str, str]] = Counter()
    chosen: list[Mistake] = []
    for mistake in sorted(_all(details, said), key=lambda m: (-m.margin, m.path)):
        shown = mistake.shown
        sort = shown.label, mistake.said[0][0] if shown.accepts else NOTHING
        if shown.source in sources or sorts[sort] == OF_A_SORT:
            continue
        sources.add(shown.source)
        sorts[sort] += 1
        chosen.append(mistake)
    return chosen[:count]


def _all(details: Details, said: Said) -> list[Mistake]:
    found = []
    for path, shown in details.clips.items():
        if shown.kind == "mixture" or path not in said.scores:
            continue
        scores = dict(zip(said.families, said.scores[path], strict=True))
        ranked = sorted(scores.items(), key=lambda item: -item[1])
        if ranked[0][0] not in shown.accepts:
            true_score = max((scores.get(family, 0.0) for family in shown.accepts), default=0.0)
            found.append(Mistake(path, shown, ranked, true_score))
    return found
