"""The sections `validation` and `output`."""

from typing import Annotated, Literal

from msgspec import Meta

from model_build.recipe.section import Fraction, Section

Metric = Literal[
    "accuracy",
    "balanced_accuracy",
    "roc_auc_macro",
    "pr_auc_macro",
    "f1_macro",
    "f1_micro",
    "top3",
    "map3",
    "hamming_loss",
]

OF_ONE_CLASS = ("accuracy", "balanced_accuracy", "top3", "map3")
"""Metrics of recordings that have exactly one class each."""


class Validation(Section, frozen=True, kw_only=True, omit_defaults=True):
    """Which clips the figures are measured on. Raises ValueError on contradictory keys."""

    strategy: Literal["hold-out", "k-fold", "group-k-fold", "own-folds"] = "k-fold"
    """One part held out, folds at random (each class spread evenly), folds of whole groups, or the
    folds that the data state."""
    folds: Annotated[int, Meta(ge=2, le=100)] = 5
    """Number of folds of `k-fold` and `group-k-fold`."""
    fraction: Fraction = 0.2
    """Share of the clips that `hold-out` holds out; whole groups if the data have groups."""
    chosen_folds: tuple[Annotated[int, Meta(ge=0)], ...] = ()
    """The folds to train and validate, counted from 0. Default: all."""
    metric: Metric | None = None
    """The figure that experiments are compared by. Default: `accuracy`, with multi_label
    `roc_auc_macro`."""
    threshold: Fraction = 0.5
    """Score from which a class is predicted, if a recording can have several."""
    leak_check: bool = False
    """True to repeat the experiment with folds at random, beside the grouped ones."""

    def __post_init__(self) -> None:
        if self.strategy in ("k-fold", "group-k-fold"):
            for fold in self.chosen_folds:
                if fold >= self.folds:
                    raise ValueError(
                        f"chosen_folds: there is no fold {fold}; they are counted from 0"
                    )
        if self.strategy == "hold-out" and self.chosen_folds:
            raise ValueError("chosen_folds does not belong to hold-out, which has one fold")
        if len(set(self.chosen_folds)) != len(self.chosen_folds):
            raise ValueError("chosen_folds: one is named twice")
        if self.leak_check and self.strategy != "group-k-fold":
            raise ValueError("leak_check belongs to group-k-fold")


class Output(Section, frozen=True, kw_only=True, omit_defaults=True):
    """Where the results go."""

    folder: Annotated[str, Meta(min_length=1)] = "runs/lab"
    """Folder of all runs; an experiment writes to the folder of its name in it."""
    thresholds: Literal["validation", "best-f1"] = "validation"
    """Score from which `lab predict` and an exported model predict a class, if a recording can have
    several: `validation.threshold`, or for each class the one with the highest F1 on the
    out-of-fold scores. The figures are those of `validation.threshold`."""
    cam: Literal["none", "cam", "grad-cam"] = "none"
    """Pictures of the parts of a spectrogram that speak for a class, of recordings of each class
    and of mistakes: class activation maps (Zhou et al., 2016) or Grad-CAM (Selvaraju et al.,
    2017)."""
    cam_clips: Annotated[int, Meta(ge=1, le=1_000)] = 3
    """Recordings of each class, and mistakes, in each fold that `cam` makes pictures of."""
