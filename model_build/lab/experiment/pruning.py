"""The section `pruning`: how a trained network is made smaller."""

from typing import Literal

from model_build.recipe.section import Count, Fraction, Positive, Section, Share

CHAINS = ("mlp", "mel-cnn", "musicnet-cnn", "nsynth-cnn")
"""The networks whose channels can be removed: each layer feeds only the next one."""


class Pruning(Section, frozen=True, kw_only=True, omit_defaults=True):
    """Weights are removed from a trained network, which is trained further meanwhile."""

    kind: Literal["magnitude", "channels"]
    """`magnitude` sets the smallest weights of each layer to 0: the file gets smaller when it is
    compressed. `channels` removes the weakest channels of each layer: file and CPU time get smaller
    (Li et al., 2017)."""
    share: Fraction = 0.5
    """Share of the weights or channels of each layer that is removed; the last layer is left
    alone."""
    epochs: Count = 10
    """Epochs of training during and after the removal."""
    ramp: Share = 0.6
    """Share of these epochs in which the removed share rises to `share`, fast at first and then
    slower (Zhu and Gupta, 2018); 0 to remove all at once."""
    learning_rate: Positive | None = None
    """Learning rate of these epochs, which is constant. Default: a tenth of
    `training.learning_rate`."""
