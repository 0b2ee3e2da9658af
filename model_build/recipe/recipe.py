"""The recipe as a whole, its hashes, and how it is read."""

import hashlib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from daemon.configuration.yaml.yaml_file import read_yaml
from daemon.hearing.contract.labels import FamilyName
from model_build.recipe.fitting import Network, Rehearsal, Teaching, Training
from model_build.recipe.section import Count, Fraction, Section
from model_build.recipe.sound import (
    Microphone,
    Noise,
    Patches,
    Playing,
    Rendering,
    Room,
    Windows,
)

_AFTER_FEATURES = {
    *("name", "version", "network", "teaching", "training"),
    *("representative_windows", "precision", "rehearsal"),
}


class Recipe(Section, frozen=True, kw_only=True, omit_defaults=True):
    """One run. `sha256` covers names and values of the fields: renaming one changes every hash."""

    name: Annotated[str, Meta(pattern="^[a-z][a-z0-9-]*$", max_length=32)]
    """Name of the model and of the run folder."""
    version: Annotated[str, Meta(min_length=1, max_length=32)]
    """Version of the model."""
    seed: Annotated[int, Meta(ge=0, lt=2**31)]
    """Seed of all random numbers of the run."""
    families: Annotated[tuple[FamilyName, ...], Meta(min_length=2)]
    """The outputs of the model, in order."""
    origins: Annotated[tuple[str, ...], Meta(min_length=1)]
    """Origins of the notes that are used, such as `real` or `synth`."""
    doubtful: bool
    """True to use clips whose licence or label the corpus calls doubtful."""
    held_fraction: Fraction
    """Share of the clips held out of training, in whole groups."""
    added: str = ""
    """Beginning of the paths of the clips that `teaching.start` was trained without.

    What that training held out is then held out again."""
    rendering: Rendering | None = None
    """The corpus that the run renders; None to use recordings only."""
    patches: Patches
    """The patches of a window."""
    windows: Windows
    """The windows of each side."""
    playing: Playing
    """How clips become music."""
    room: Room
    """Room impulse responses."""
    noise: Noise
    """Other sound in the room."""
    microphone: Microphone
    """Colouration and level."""
    network: Network | None = None
    """A network trained from scratch; None for distillation."""
    teaching: Teaching | None = None
    """Distillation of a base network; None to train from scratch."""
    training: Training
    """How the network is fitted."""
    representative_windows: Count
    """Held-out windows that the quantizer takes its ranges from."""
    precision: Fraction
    """Precision on held-out windows that each threshold is set to reach."""
    rehearsal: Rehearsal | None = None
    """The simulated day that moves the thresholds; None to keep them as calibrated."""

    def __post_init__(self) -> None:
        if len(set(self.families)) != len(self.families):
            raise ValueError("families: one is named twice")
        if (self.network is None) == (self.teaching is None):
            raise ValueError("set exactly one of network and teaching")
        if self.teaching and (self.training.sum_probability or self.training.masked_bands):
            raise ValueError(
                "training: sum_probability and masked_bands must be 0 when teaching is set"
            )
        if self.training.patches_at_once > self.patches.in_training:
            raise ValueError(
                "training.patches_at_once: must not exceed the number of patches.starts, or "
                "patches.scattered if that is set"
            )
        if self.windows.hard_negative_weight and not self.teaching:
            raise ValueError("windows.hard_negative_weight must be 0 without teaching")

    @property
    def embedding_values(self) -> int:
        """Length of the model's embedding; 0 if it has none."""
        return self.teaching.embedding_values if self.teaching else 0

    @property
    def has_genre(self) -> bool:
        """True if the model also names the genre of the music."""
        return self.teaching is not None and self.teaching.genre

    @property
    def features_sha256(self) -> str:
        """SHA-256 of the settings that decide the features."""
        ignored = set(_AFTER_FEATURES)
        if self.rendering is None:  # keeps the hashes of recipes older than this section
            ignored.add("rendering")
        if not self.added:
            ignored.add("added")
        decides = {f: getattr(self, f) for f in self.__struct_fields__ if f not in ignored}
        if self.teaching:
            decides["taught"] = True
        return hashlib.sha256(msgspec.json.encode(decides)).hexdigest()

    @property
    def sha256(self) -> str:
        """SHA-256 of all settings, independent of the comments and layout of the file."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


def read_recipe(path: Path) -> Recipe:
    """Read a recipe. Raises InputError naming the file and the key if it is invalid."""
    return read_yaml(path, Recipe)
