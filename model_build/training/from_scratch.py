"""Plan the fit of a convolutional network from random weights."""

from typing import TYPE_CHECKING

from daemon.hearing.log_mel import FrontEnd
from model_build.networks.convolutional import build_network, pool_patches
from model_build.networks.loss import window_loss
from model_build.recipe import Network, Recipe
from model_build.run_folder import RunFolder
from model_build.training.fit_plan import FitPlan
from model_build.windows.dataset import in_order, shuffled

if TYPE_CHECKING:
    import keras


def plan_from_scratch(
    recipe: Recipe, table: Network, run: RunFolder, *, first_epoch: int
) -> FitPlan:
    """Return the plan for the network described by `table`; it starts with `first_epoch`."""
    training, bands = recipe.training, FrontEnd().bands
    network = build_network(table, recipe.patches.frames, bands, len(recipe.families))
    return FitPlan(
        model=pool_patches(network, training.patches_at_once),
        shipped=lambda: network,
        training=shuffled(
            run.windows("train"),
            training,
            recipe.seed,
            FrontEnd().log_offset,
            first_epoch=first_epoch,
        ),
        held=in_order(run.windows("held"), training),
        losses=window_loss(
            label_smoothing=training.label_smoothing, ranking_weight=training.ranking_weight
        ),
        loss_weights=None,
        metrics=[_average_precision(recipe)],
        watched="val_average_precision",
    )


def _average_precision(recipe: Recipe) -> "keras.metrics.Metric":
    """Area under the precision-recall curve, averaged over families."""
    import keras

    return keras.metrics.AUC(
        curve="PR",
        multi_label=True,
        num_labels=len(recipe.families),
        from_logits=True,
        name="average_precision",
    )
