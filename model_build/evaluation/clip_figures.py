"""Clips and the scores that a model gave them in, its figures out; pure arithmetic."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from model_build.corpus.clips import Clip
from model_build.evaluation.cost import Cost
from model_build.evaluation.event_figures import EventFigures
from model_build.evaluation.event_replay import Alarms
from model_build.evaluation.metrics import (
    area_under_roc,
    calibration_error,
    micro_f1,
    right_by_family,
    weakest,
)

SPLIT = "dev"
SINGLE_KINDS = ("phrase", "room")
FEWEST_CLIPS = 15  # of a family, to count as the weakest


class HeardClips(NamedTuple):
    """Clips by kind, and their scores, (clips, families)."""

    clips: dict[str, list[Clip]]
    scores: dict[str, NDArray[np.float32]]


class Weakest(msgspec.Struct, frozen=True):
    """The family that is named right most rarely."""

    family: str
    top1: float


class Figures(msgspec.Struct, frozen=True):
    """What a model reaches, by kind of clip: `phrase` is close and clean, `room` is not.

    `top1` is over clips, `by_family` over those of a family, `family_mean` over families. Kinds
    that the corpus has none of are absent. `weakest` is of families with 15 clips or more;
    `calibration_error` is the top score's; `float_room_top1` the network's before it was
    quantised.
    """

    clips: dict[str, int]
    clips_by_family: dict[str, dict[str, int]]
    top1: dict[str, float]
    family_mean: dict[str, float]
    by_family: dict[str, dict[str, float]]
    presence_auc: dict[str, float]
    weakest: dict[str, Weakest]
    calibration_error: dict[str, float]
    mixture_f1: float | None = None
    day: EventFigures | None = None
    alarms: Alarms | None = None
    float_room_top1: float | None = None
    cost: Cost | None = None
    size_bytes: int | None = None

    def flat(self) -> dict[str, float]:
        """The main figures by name, as the model file's provenance keeps them."""
        found = {
            f"{SPLIT}_{kind}_{name}": round(value, 4)
            for name in ("top1", "family_mean", "presence_auc", "calibration_error")
            for kind, value in getattr(self, name).items()
        }
        for kind, one in self.weakest.items():
            found[f"{SPLIT}_{kind}_weakest_family"] = round(one.top1, 4)
        if self.mixture_f1 is not None:
            found[f"{SPLIT}_mixture_f1"] = round(self.mixture_f1, 4)
        if self.day is not None:
            found[f"{SPLIT}_day_hits"] = round(self.day.hits, 4)
            found[f"{SPLIT}_day_right"] = round(self.day.right, 4)
            found[f"{SPLIT}_day_false_events"] = self.day.false_events
        if self.alarms is not None:
            found[f"{SPLIT}_alarms"] = self.alarms.count
        return found


def figures(
    heard: HeardClips, families: Sequence[str], thresholds: Sequence[float] | None
) -> Figures:
    """What the scores come to, given in the order of the families."""
    scores = heard.scores
    kinds = [kind for kind in SINGLE_KINDS if kind in scores]
    clips = {kind: heard.clips[kind] for kind in kinds}
    by_family = {
        kind: right_by_family(
            scores[kind], families, [c.label for c in some], [c.accepts for c in some]
        )
        for kind, some in clips.items()
    }
    counts = {kind: dict(Counter(clip.label for clip in some)) for kind, some in clips.items()}
    right = {kind: right_ones(scores[kind], families, some) for kind, some in clips.items()}
    presence = {kind: scores[kind].max(axis=1) for kind in scores}
    lowest = {kind: weakest(by_family[kind], counts[kind], FEWEST_CLIPS) for kind in kinds}
    return Figures(
        clips={kind: len(some) for kind, some in heard.clips.items()},
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
        mixture_f1=_mixture_f1(heard, families, thresholds),
    )


def right_ones(
    scores: NDArray[np.float32], families: Sequence[str], clips: Sequence[Clip]
) -> NDArray[np.bool_]:
    """For each clip whether the family of its highest score is accepted, (clips,)."""
    best = np.argmax(scores, axis=1)
    return np.array([families[b] in c.accepts for b, c in zip(best, clips, strict=True)])


def _mixture_f1(
    heard: HeardClips, families: Sequence[str], thresholds: Sequence[float] | None
) -> float | None:
    clips = heard.clips.get("mixture")
    if thresholds is None or not clips:
        return None
    playing = np.array([[family in clip.families for family in families] for clip in clips])
    return micro_f1(heard.scores["mixture"] >= np.array(thresholds), playing)
