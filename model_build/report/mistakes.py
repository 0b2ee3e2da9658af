"""Find the worst mistakes of a model."""

from collections import Counter
from typing import NamedTuple

from model_build.evaluation.details import Details, MeasuredClip, ModelScores

NOTHING = "nothing"
MOST_ALIKE = 2  # mistakes with the same truth and the same wrong family


class Mistake(NamedTuple):
    """A clip whose highest score belongs to a family that is not accepted."""

    path: str
    """The clip's path in the corpus."""
    clip: MeasuredClip
    """The clip."""
    ranked: list[tuple[str, float]]
    """All families with their scores, highest first."""
    true_score: float
    """The highest score of an accepted family; 0 if no family is accepted."""

    @property
    def margin(self) -> float:
        """The highest score less the highest one of an accepted family."""
        return self.ranked[0][1] - self.true_score


def worst_mistakes(details: Details, model: ModelScores, count: int) -> list[Mistake]:
    """Return up to `count` mistakes with the largest margins.

    Only one of each source and two of each confusion are returned, so that they differ.
    """
    sources: set[str] = set()
    confusions: Counter[tuple[str, str]] = Counter()
    chosen: list[Mistake] = []
    for mistake in sorted(_all_mistakes(details, model), key=lambda m: (-m.margin, m.path)):
        clip = mistake.clip
        confusion = clip.label, mistake.ranked[0][0] if clip.accepts else NOTHING
        if clip.source in sources or confusions[confusion] == MOST_ALIKE:
            continue
        sources.add(clip.source)
        confusions[confusion] += 1
        chosen.append(mistake)
    return chosen[:count]


def _all_mistakes(details: Details, model: ModelScores) -> list[Mistake]:
    found = []
    for path, clip in details.clips.items():
        if clip.kind == "mixture" or path not in model.scores:
            continue
        scores = dict(zip(model.families, model.scores[path], strict=True))
        ranked = sorted(scores.items(), key=lambda item: -item[1])
        if ranked[0][0] not in clip.accepts:
            true_score = max((scores.get(family, 0.0) for family in clip.accepts), default=0.0)
            found.append(Mistake(path, clip, ranked, true_score))
    return found
