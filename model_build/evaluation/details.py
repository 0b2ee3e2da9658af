"""The details of an evaluation, clip by clip and event by event; reports are drawn from them."""

from pathlib import Path

import msgspec

from model_build.evaluation.clip_scores import ClipScores
from model_build.evaluation.events.replayed import Replayed
from model_build.evaluation.models import Model
from model_build.evaluation.sweep import Point

DECIMALS = 4  # of the scores


class MeasuredClip(msgspec.Struct, frozen=True):
    """A dev clip, in the words of the corpus' manifest."""

    kind: str
    """`phrase`, `room`, `negative` or `mixture`."""
    label: str
    """The family that plays, or the sort of a negative."""
    accepts: tuple[str, ...]
    """The families that count as right; empty for negatives."""
    source: str
    """The recording or instrument that the clip comes from."""


class ModelScores(msgspec.Struct, frozen=True):
    """The scores of one model."""

    families: tuple[str, ...]
    """The meaning of each clip's scores, in order."""
    scores: dict[str, tuple[float, ...]]
    """The scores in 0..1 of each clip, by its path."""
    points: list[Point]
    """The results of the condition sweep."""


class Details(msgspec.Struct, frozen=True):
    """One evaluation."""

    clips: dict[str, MeasuredClip]
    """The measured clips by path."""
    models: dict[str, ModelScores]
    """The scores of each model by name, ours first."""
    days: list[Replayed]
    """The days at home, through our model."""
    others: list[Replayed] = []
    """Recordings without music, through our model: negatives in rooms, and steady sounds."""


def details_beside(figures: Path) -> Path:
    """Return the path of the details that belong to the figures in that file."""
    return figures.with_name(f"{figures.stem}-details.json")


def measured_clips(scored: ClipScores) -> dict[str, MeasuredClip]:
    """Return the clips by path."""
    return {
        clip.path: MeasuredClip(clip.kind, clip.label, clip.accepts, clip.source)
        for clips in scored.clips.values()
        for clip in clips
    }


def model_scores(scored: ClipScores, model: Model, points: list[Point]) -> ModelScores:
    """Return the rounded scores of a model; `points` are its results of the condition sweep."""
    scores = {
        clip.path: tuple(round(float(score), DECIMALS) for score in row)
        for kind, rows in scored.scores.items()
        for clip, row in zip(scored.clips[kind], rows, strict=True)
    }
    return ModelScores(model.families, scores, points)
