"""The sections of a recipe that decide the fit: network, distillation, training, rehearsal."""

from typing import Annotated

from msgspec import Meta

from model_build.recipe.section import Count, Positive, Section, Share, Weight


class Block(Section, frozen=True):
    """One 3x3 convolution with batch norm and ReLU6."""

    filters: Count
    """Output channels."""
    stride: Annotated[int, Meta(ge=1, le=4)]
    """Stride in frames and in bands."""


class Network(Section, frozen=True):
    """A network that is trained from scratch, as a table of blocks."""

    blocks: Annotated[tuple[Block, ...], Meta(min_length=1)]
    """The convolutions in order."""
    dropout: Annotated[float, Meta(ge=0, lt=1)]
    """Dropout rate before the output layer."""


class Teaching(Section, frozen=True, omit_defaults=True):
    """Distillation of a base network, which is student and teacher at once.

    On the sound of a room, the student learns to reproduce the teacher's outputs for the clean
    sound. The model that ships averages the weights of both.
    """

    head_units: Count
    """Hidden units of the head that recognizes the families."""
    dropout: Annotated[float, Meta(ge=0, lt=1)]
    """Dropout rate of the head."""
    embedding_weight: Weight
    """Loss weight of the difference between the embeddings."""
    classes_weight: Weight
    """Loss weight of the difference between the scores of the base's own classes."""
    family_weight: Weight
    """Loss weight of the families."""
    trunk_share: Share
    """Share of the gradient of the families' loss that reaches the base below the head."""
    base_share: Share
    """Share of the base's original weights in the model that ships."""
    known_weight: Weight
    """Weight of the base's own classes of a family, added to the output of the head."""
    music_weight: Weight
    """Weight of the base's class Music, added for every family."""
    start: str = ""
    """Earlier model, of those in `model_build/models`, whose weights the training continues.

    Empty to start from the base. `base_share` is then the share of this model's weights."""
    embedding_values: Annotated[int, Meta(ge=0, le=1024)] = 0
    """Length of the embedding that tells single instruments apart; 0 for a model without one."""
    genre: bool = False
    """True for a model that also names the genre of the music."""


class Training(Section, frozen=True):
    """How the network is fitted."""

    epochs: Count
    """Number of epochs, at most."""
    batch_windows: Count
    """Windows in a batch."""
    patches_at_once: Count
    """Patches of a window in one step, drawn at random; their logits are averaged."""
    learning_rate: Positive
    """Highest learning rate; it falls to 0 along a cosine."""
    weight_decay: Weight
    """Weight decay of AdamW."""
    label_smoothing: Annotated[float, Meta(ge=0, lt=0.5)]
    """Labels are moved towards 0.5 by this share of the way."""
    ranking_weight: Weight
    """Loss weight of ranking the families, beside detecting each one."""
    sum_probability: Share
    """Probability that the sound of another window is added to a training window."""
    masked_bands: Annotated[int, Meta(ge=0)]
    """Greatest number of neighbouring mel bands that are masked in a training window."""
    patience_epochs: Count
    """Training stops after this many epochs without a better result on the held-out windows."""


class Rehearsal(Section, frozen=True, omit_defaults=True):
    """A simulated day of held-out clips; it moves the thresholds until few events are false."""

    day_seconds: Positive
    """Length of a day."""
    false_events_an_hour: Positive
    """Greatest rate of false events."""
    days: Count = 1
    """Number of days, each in other rooms."""
    steady_seconds: Weight = 0.0
    """Length of the steady tones after the days."""
    false_event_cost: Weight = 0.0
    """How many passages named correctly a false event outweighs, when each threshold is moved.

    0 moves all thresholds alike, within `false_events_an_hour`."""
