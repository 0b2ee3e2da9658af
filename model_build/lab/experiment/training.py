"""The sections `training` and `augmentation`: how a network is fitted."""

from typing import Annotated, Literal

from msgspec import Meta

from model_build.recipe.section import Count, Positive, Section, Share, Weight


class Training(Section, frozen=True, kw_only=True, omit_defaults=True):
    """How a network is fitted; models of scikit-learn do not use it."""

    epochs: Count = 30
    """Number of epochs, at most."""
    batch_chunks: Count = 32
    """Chunks in a batch."""
    loss: Literal["cross-entropy", "bce", "bce-logits", "focal"] | None = None
    """`cross-entropy` gives scores that add up to 1; `bce`, `bce-logits` (computed from logits)
    and `focal` score each class by itself. Default: `cross-entropy`, with multi_label
    `bce-logits`."""
    optimiser: Literal["adamw", "adam", "sgd"] = "adamw"
    """The optimiser; `sgd` has a momentum of 0.9."""
    learning_rate: Positive = 1e-3
    """Highest learning rate."""
    schedule: Literal["cosine", "step", "constant"] = "cosine"
    """How the learning rate falls: along a cosine to 0, by a factor of 10 after one half and after
    three quarters of the epochs, or not at all."""
    warm_up_epochs: Annotated[int, Meta(ge=0)] = 0
    """Epochs in which the learning rate rises from 0, before the schedule."""
    weight_decay: Weight = 1e-4
    """Weight decay of `adamw`; ignored by the other optimisers."""
    gradient_clip: Weight = 0.0
    """Greatest norm of the gradient; 0 for no limit."""
    gradient_accumulation: Count = 1
    """Batches whose gradients are averaged for one step."""
    label_smoothing: Annotated[float, Meta(ge=0, lt=0.5)] = 0.0
    """Share by which the targets of `cross-entropy` are moved towards equal scores."""
    patience_epochs: Annotated[int, Meta(ge=0)] = 0
    """Training stops after this many epochs without a lower loss on a tenth of the training clips,
    which is then held out for that, never on the validation clips; 0 to never stop."""
    log_to: tuple[Literal["tensorboard", "mlflow"], ...] = ()
    """Where the losses of each epoch are logged as well; each needs the extra of its name."""
    best_checkpoint: bool = False
    """True to keep the weights of the epoch with the lowest loss on the clips held out for it."""


class Augmentation(Section, frozen=True, kw_only=True, omit_defaults=True):
    """Random changes of the training chunks of a network. The default changes nothing."""

    mixup_alpha: Weight = 0.0
    """Parameter of the beta distribution of mixup's shares; 0 for no mixup."""
    cutmix_alpha: Weight = 0.0
    """Parameter of the beta distribution of CutMix's areas; 0 for no CutMix."""
    mix_probability: Share = 1.0
    """Probability that a batch is mixed."""
    masked_frames: Share = 0.0
    """Largest share of neighbouring frames that SpecAugment masks in a chunk."""
    masked_bands: Share = 0.0
    """Largest share of neighbouring bands that SpecAugment masks in a chunk."""

    def __post_init__(self) -> None:
        if self.mixup_alpha and self.cutmix_alpha:
            raise ValueError("set only one of mixup_alpha and cutmix_alpha")
