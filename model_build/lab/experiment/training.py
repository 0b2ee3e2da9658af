"""The sections `training` and `augmentation`: how a model is fitted, and to what changes."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from model_build.recipe.section import Count, Positive, Range, Section, Share, Weight

OF_COPIES = (
    *("gain_db", "delay_seconds", "speed_semitones", "room_probability", "noise_probability"),
    *("noise_snr_db", "microphone_probability"),
)
"""The keys that say how the copies of a recording are changed."""


class Training(Section, frozen=True, kw_only=True, omit_defaults=True):
    """How a network is fitted; models of scikit-learn do not use it."""

    epochs: Count = 30
    """Number of epochs, at most."""
    batch_chunks: Count = 32
    """Chunks in a batch; halved, and said, if the memory is too small for it."""
    loss: Literal["cross-entropy", "bce", "bce-logits", "focal"] | None = None
    """`cross-entropy` gives scores that add up to 1; `bce`, `bce-logits` (computed from logits)
    and `focal` score each class by itself. Default: `cross-entropy`, with multi_label
    `bce-logits`."""
    optimiser: Literal["adamw", "adam", "sgd"] = "adamw"
    """The optimiser; `sgd` has a momentum of 0.9."""
    learning_rate: Positive = 1e-3
    """Highest learning rate."""
    body_rate_share: Annotated[float, Meta(gt=0, le=1)] = 1.0
    """Share of the learning rate that all layers but the last one get, such as 0.1 for a trained
    network with a new last layer."""
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
    mixed_precision: bool = False
    """True to compute in bfloat16 with weights in float32: faster on a GPU, slower on most CPUs."""
    patience_epochs: Annotated[int, Meta(ge=0)] = 0
    """Training stops after this many epochs without a lower loss on a tenth of the training clips,
    which is then held out for that, never on the validation clips; 0 to never stop."""
    log_to: tuple[Literal["tensorboard", "mlflow"], ...] = ()
    """Where the losses of each epoch are logged as well; each needs the extra of its name."""
    best_checkpoint: bool = False
    """True to keep the weights of the epoch with the lowest loss on the clips held out for it."""


class Augmentation(Section, frozen=True, kw_only=True, omit_defaults=True):
    """Random changes of the training recordings. The default changes nothing.

    Raises ValueError if two keys contradict each other.
    """

    copies: Annotated[int, Meta(ge=0, le=100)] = 0
    """Changed copies of each training recording, for a model of any kind; the model is trained on
    the recording and its copies. The keys from `gain_db` to `microphone_probability` say how the
    copies are changed."""
    gain_db: Weight = 6.0
    """Largest change of a copy's level up or down, in dB."""
    delay_seconds: Annotated[float, Meta(ge=0, le=10)] = 0.02
    """Longest silence before a copy, in seconds."""
    speed_semitones: Annotated[float, Meta(ge=0, le=12)] = 1.0
    """Largest change of a copy's speed, and with it of its pitch, up or down, in semitones."""
    room_probability: Share = 0.3
    """Probability that a copy is played in a simulated room; only at 16 kHz."""
    noise_probability: Share = 0.5
    """Probability that a copy gets noise, between white and brown."""
    noise_snr_db: Range = (10.0, 30.0)
    """Lowest and highest signal-to-noise ratio of that noise, in dB."""
    microphone_probability: Share = 0.5
    """Probability that a copy is coloured like a cheap microphone; only at 16 kHz."""
    mixup_alpha: Weight = 0.0
    """Parameter of the beta distribution of mixup's shares; 0 for no mixup. Only for networks."""
    cutmix_alpha: Weight = 0.0
    """Parameter of the beta distribution of CutMix's areas; 0 for no CutMix. Only for networks."""
    mix_probability: Share = 1.0
    """Probability that a batch is mixed."""
    masked_frames: Share = 0.0
    """Largest share of neighbouring frames that SpecAugment masks in a chunk. Only for networks."""
    masked_bands: Share = 0.0
    """Largest share of neighbouring bands that SpecAugment masks in a chunk. Only for networks."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.mixup_alpha and self.cutmix_alpha:
            raise ValueError("set only one of mixup_alpha and cutmix_alpha")
        if not self.copies:
            for name in OF_COPIES:
                if getattr(self, name) != _DEFAULTS[name]:
                    raise ValueError(f"{name} belongs to copies, and there are none; set copies")

    @property
    def of_networks(self) -> str:
        """The first key that is set and only networks can use; empty if there is none."""
        names = ("mixup_alpha", "cutmix_alpha", "masked_frames", "masked_bands")
        return next((name for name in names if getattr(self, name)), "")

    @property
    def needs_16_khz(self) -> bool:
        """True if copies are changed in a way that is made for 16 kHz."""
        return bool(self.copies and (self.room_probability or self.microphone_probability))

    @property
    def of_copies(self) -> dict[str, object]:
        """Everything that decides how copies sound; empty without copies."""
        if not self.copies:
            return {}
        return {name: getattr(self, name) for name in ("copies", *OF_COPIES)}


_DEFAULTS = {field.name: field.default for field in msgspec.structs.fields(Augmentation)}
