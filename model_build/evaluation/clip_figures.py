"""Compute a model's figures from its scores of clips; pure arithmetic."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model_build.corpus.clips import Clip
from model_build.evaluation.clip_scores import SINGLE_KINDS, ClipScores
from model_build.evaluation.figures import Figures, Weakest
from model_build.evaluation.metrics import area_under_roc, micro_f1, right_by_family, weakest
from model_build.evaluation.reliability import calibration_error

FEWEST_CLIPS = 15  # of a family, to count as the weakest


def clip_figures(
    scored: ClipScores, families: Sequence[str], thresholds: Sequence[float] | None
) -> Figures:
    """Return the figures of scores whose columns are `families`."""
    scores = scored.scores
    kinds = [kind for kind in SINGLE_KINDS if kind in scores]
    clips = {kind: scored.clips[kind] for kind in kinds}
    by_family = {
        kind: right_by_family(
            scores[kind], families, [c.label for c in some], [c.accepts for c in some]
        )
        for kind, some in clips.items()
    }
    counts = {kind: dict(Counter(clip.label for clip in some)) for kind, some in clips.items()}
    right = {kind: named_right(scores[kind], families, some) for kind, some in clips.items()}
    presence = {kind: scores[kind].max(axis=1) for kind in scores}
    lowest = {kind: weakest(by_family[kind], counts[kind], FEWEST_CLIPS) for kind in kinds}
    return Figures(
        clips={kind: len(some) for kind, some in scored.clips.items()},
        clips_by_family=counts,
        top1={kind: float(np.mean(right[kind])) for kind in kinds},
        family_mean={kind: float(np.mean(list(by_family[kind].values()))) for kind in kinds},
        by_family=by_family,
        presence_auc={
            kind: area_under_roc(presence[kind], presence["negative"])
            for kind in kinds
            if "negative" in presence
        },
        weakest={kind: Weakest(*found) for kind, found in lowest.items() if found},
        calibration_error={k: calibration_error(presence[k], right[k]) for k in kinds},
        mixture_f1=_mixture_f1(scored, families, thresholds),
    )


def named_right(
    scores: NDArray[np.float32], families: Sequence[str], clips: Sequence[Clip]
) -> NDArray[np.bool_]:
    """Return, for each clip, whether its highest score belongs to an accepted family, (clips,)."""
    best = np.argmax(scores, axis=1)
    return np.array([families[b] in c.accepts for b, c in zip(best, clips, strict=True)])


def _mixture_f1(
    scored: ClipScores, families: Sequence[str], thresholds: Sequence[float] | None
) -> float | None:
    clips = scored.clips.get("mixture")
    if thresholds is None or not clips:
        return None
    playing = np.array([[family in clip.families for family in families] for clip in clips])
    return micro_f1(scored.scores["mixture"] >= np.array(thresholds), playing)
