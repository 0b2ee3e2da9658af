"""One training run as frozen settings, read from YAML: everything that decides the result."""

import hashlib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from daemon.configuration.yaml.yaml_file import read_yaml
from daemon.hearing.log_mel import FrontEnd
from daemon.hearing.model_file import FamilyName
from daemon.sound.window import WINDOW_SAMPLES

Share = Annotated[float, Meta(ge=0, le=1)]
Fraction = Annotated[float, Meta(gt=0, lt=1)]
Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]
Range = tuple[float, float]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the recipe; each range in it runs from low to high."""

    def __post_init__(self) -> None:
        for field in msgspec.structs.fields(self):
            value = getattr(self, field.name)
            if field.type == Range and value[0] > value[1]:
                raise ValueError(f"{field.name}: {value[0]} to {value[1]} runs backwards")


class Patches(Section, frozen=True):
    """How the network sees a window: patches of so many frames, from these frames on."""

    frames: Count
    starts: Annotated[tuple[Annotated[int, Meta(ge=0)], ...], Meta(min_length=1)]

    def __post_init__(self) -> None:
        whole = FrontEnd().frames_in(WINDOW_SAMPLES)
        if max(self.starts) + self.frames > whole:
            raise ValueError(f"starts: a patch ends after the {whole} frames of a window")


class Rendering(Section, frozen=True):
    """A corpus that the run renders for itself, with FluidSynth and espeak-ng."""

    phrases_per_programme: Count  # clips of each instrument, and of each voice and noise
    beside_corpus: bool  # learn from the recorded corpus too


class Windows(Section, frozen=True, omit_defaults=True):
    """How many windows are made for each side, and what share of them holds what."""

    train: Count
    held: Count
    negative_share: Fraction
    mixture_share: Fraction
    strung_share: Share
    floor_share: Share
    diversity_exponent: Share
    unlabelled_share: Annotated[float, Meta(ge=0, lt=1)] = 0.0

    def __post_init__(self) -> None:
        if self.negative_share + self.mixture_share >= 1:
            raise ValueError("negative_share + mixture_share leave no window for one family alone")


class Playing(Section, frozen=True):
    """How recordings become what a window holds."""

    speed_semitones: Range
    note_interval_seconds: Range
    mixture_balance_db: Range


class Room(Section, frozen=True):
    """Simulated rooms that the sound is heard across, and the corpus' measured ones."""

    probability: Share
    held_probability: Share
    responses: Count
    distance_metres: Range
    rt60_seconds: Range
    measured_share: Share


class Noise(Section, frozen=True):
    """What else sounds in the room."""

    probability: Share
    snr_db: Range
    held_snr_db: Range
    floor_dbfs: Range


class Microphone(Section, frozen=True):
    """What the microphone and its distance do to the sound."""

    probability: Share
    peak_db: Range
    high_pass_hz: Range
    level_dbfs: Range


class Block(Section, frozen=True):
    """One 3x3 convolution with batch norm and ReLU6; `stride` in frames and bands alike."""

    filters: Count
    stride: Annotated[int, Meta(ge=1, le=4)]


class Network(Section, frozen=True):
    """The network as a table of blocks."""

    blocks: Annotated[tuple[Block, ...], Meta(min_length=1)]
    dropout: Annotated[float, Meta(ge=0, lt=1)]


class Teaching(Section, frozen=True):
    """A base network as pupil and teacher: in the room, it shall say what it says of clean sound.

    The weights are those of what differs in its embedding, in the scores of its own classes, and of
    the families' loss, of whose gradient `trunk_share` reaches the base below the head.
    What ships is `base_share` the base's own weights and for the rest the taught ones;
    `known_weight` is that of the base's own classes of a family, added to what the head learned,
    `music_weight` that of the base's Music, added for every family.
    """

    head_units: Count
    dropout: Annotated[float, Meta(ge=0, lt=1)]
    embedding_weight: Annotated[float, Meta(ge=0)]
    classes_weight: Annotated[float, Meta(ge=0)]
    family_weight: Annotated[float, Meta(ge=0)]
    trunk_share: Share
    base_share: Share
    known_weight: Annotated[float, Meta(ge=0)]
    music_weight: Annotated[float, Meta(ge=0)]


class Training(Section, frozen=True):
    """How the network is fitted."""

    epochs: Count
    batch_windows: Count
    patches_at_once: Count
    learning_rate: Positive
    weight_decay: Annotated[float, Meta(ge=0)]
    label_smoothing: Annotated[float, Meta(ge=0, lt=0.5)]
    ranking_weight: Annotated[float, Meta(ge=0)]
    sum_probability: Share
    masked_bands: Annotated[int, Meta(ge=0)]
    patience_epochs: Count


class Rehearsal(Section, frozen=True):
    """A day at home made of held-back clips: thresholds rise until few events are false on it."""

    day_seconds: Positive
    false_events_an_hour: Positive


class Recipe(Section, frozen=True, kw_only=True, omit_defaults=True):
    """One run."""

    name: Annotated[str, Meta(pattern="^[a-z][a-z0-9-]*$", max_length=32)]
    version: Annotated[str, Meta(min_length=1, max_length=32)]
    seed: Annotated[int, Meta(ge=0, lt=2**31)]
    families: Annotated[tuple[FamilyName, ...], Meta(min_length=2)]
    origins: Annotated[tuple[str, ...], Meta(min_length=1)]
    doubtful: bool
    held_fraction: Fraction
    rendering: Rendering | None = None
    patches: Patches
    windows: Windows
    playing: Playing
    room: Room
    noise: Noise
    microphone: Microphone
    network: Network | None = None
    teaching: Teaching | None = None
    training: Training
    representative_windows: Count
    precision: Fraction
    rehearsal: Rehearsal | None = None

    def __post_init__(self) -> None:
        if len(set(self.families)) != len(self.families):
            raise ValueError("families: one is named twice")
        if (self.network is None) == (self.teaching is None):
            raise ValueError("set exactly one of network and teaching")
        if self.teaching and (self.training.sum_probability or self.training.masked_bands):
            raise ValueError(
                "training: sum_probability and masked_bands must be 0 when teaching is set"
            )
        if self.training.patches_at_once > len(self.patches.starts):
            raise ValueError(
                "training.patches_at_once: must not exceed the number of patches.starts"
            )

    @property
    def features_sha256(self) -> str:
        """SHA-256 of those settings that decide the features."""
        after = {"name", "version", "network", "teaching", "training"}
        after |= {"representative_windows", "precision", "rehearsal"}
        if self.rendering is None:  # as before there was any
            after.add("rendering")
        decides = {f: getattr(self, f) for f in self.__struct_fields__ if f not in after}
        if self.teaching:
            decides["taught"] = True
        return hashlib.sha256(msgspec.json.encode(decides)).hexdigest()

    @property
    def sha256(self) -> str:
        """SHA-256 of all settings; comments and layout of the file do not count."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


def read_recipe(path: Path) -> Recipe:
    """Read a recipe; raises InputError that names the file and the key."""
    return read_yaml(path, Recipe)
