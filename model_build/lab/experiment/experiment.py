"""The experiment as a whole, and how it is read."""

import hashlib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from daemon.configuration.yaml.yaml_file import read_yaml
from model_build.lab.experiment.data import Data
from model_build.lab.experiment.front_end import FrontEndSettings
from model_build.lab.experiment.model import Model
from model_build.lab.experiment.training import Augmentation, Training
from model_build.lab.experiment.validation import Output, Validation
from model_build.recipe.section import Section


class Experiment(Section, frozen=True, kw_only=True, omit_defaults=True):
    """One experiment. Raises ValueError if its sections contradict each other."""

    name: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]*$", max_length=64)]
    """Name of the experiment and of its run folder: lower-case letters, digits and hyphens."""
    seed: Annotated[int, Meta(ge=-1, lt=2**31)] = 1
    """Seed of all random numbers; -1 draws one and records it."""
    data: Data
    """The recordings."""
    front_end: FrontEndSettings = FrontEndSettings()
    """What the model gets of the sound."""
    model: Model
    """The model."""
    training: Training | None = None
    """How a network is fitted."""
    augmentation: Augmentation | None = None
    """Random changes of the training chunks of a network."""
    validation: Validation = Validation()
    """Which clips the figures are measured on."""
    output: Output = Output()
    """Where the results go."""

    def __post_init__(self) -> None:
        if self.model.is_classical and (self.training or self.augmentation):
            section = "training" if self.training else "augmentation"
            raise ValueError(f"{section} belongs to networks, and {self.model.kind} is not one")
        if self.data.multi_label and self.loss == "cross-entropy":
            raise ValueError("training.loss: cross-entropy allows one class; use bce or focal")
        if self.validation.strategy == "own-folds" and self._lacks_folds:
            raise ValueError(
                "validation.strategy: own-folds needs data with folds: a table with "
                "data.fold_column, nsynth or medley-solos-db"
            )

    @property
    def _lacks_folds(self) -> bool:
        if self.data.layout == "table":
            return not self.data.fold_column
        return self.data.layout not in ("nsynth", "medley-solos-db")

    @property
    def loss(self) -> str:
        """The loss of a network."""
        default = "bce-logits" if self.data.multi_label else "cross-entropy"
        return (self.training and self.training.loss) or default

    @property
    def sha256(self) -> str:
        """SHA-256 of all settings, independent of the comments and layout of the file."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


def read_experiment(path: Path) -> Experiment:
    """Read an experiment. Raises InputError naming the file, the line and the key if invalid."""
    return read_yaml(path, Experiment)
