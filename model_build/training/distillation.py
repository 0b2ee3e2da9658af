"""Plan the fit of a student: the base network, distilled from its own outputs for clean sound."""

from pathlib import Path

from model_build.networks.loss import classes_loss, embedding_loss, known_window_loss
from model_build.networks.shipped import build_shipped_network
from model_build.networks.student import build_student, pool_student_patches
from model_build.recipe import Recipe, Teaching
from model_build.run_folder import SIDES, RunFolder
from model_build.training.fit_plan import FitPlan
from model_build.windows.teacher_dataset import with_teacher_outputs


def plan_distillation(
    recipe: Recipe, teaching: Teaching, run: RunFolder, base: Path, *, first_epoch: int
) -> FitPlan:
    """Return the plan for a student of the network in `base`; it starts with `first_epoch`."""
    training = recipe.training
    student = build_student(teaching, base, recipe.families)
    sides = {
        side: with_teacher_outputs(
            run.windows(side),
            run.teacher_outputs(side),
            training,
            recipe.seed,
            endless=side == "train",
            first_epoch=first_epoch,
        )
        for side in SIDES
    }
    return FitPlan(
        model=pool_student_patches(student, training.patches_at_once),
        shipped=lambda: build_shipped_network(student, teaching, base, recipe.families),
        training=sides["train"],
        held=sides["held"],
        losses={
            "embedding": embedding_loss,
            "classes": classes_loss,
            "logits": known_window_loss(
                label_smoothing=training.label_smoothing, ranking_weight=training.ranking_weight
            ),
        },
        loss_weights={
            "embedding": teaching.embedding_weight,
            "classes": teaching.classes_weight,
            "logits": teaching.family_weight,
        },
        metrics=None,
        watched="val_logits_loss",
    )
