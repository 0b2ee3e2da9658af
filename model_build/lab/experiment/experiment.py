"""The experiment as a whole."""

import hashlib
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from model_build.lab.experiment.ablation import Ablated
from model_build.lab.experiment.data import Data
from model_build.lab.experiment.front_end import FrontEndSettings
from model_build.lab.experiment.model import Model
from model_build.lab.experiment.pruning import CHAINS, Pruning
from model_build.lab.experiment.search import Search
from model_build.lab.experiment.training import Augmentation, Training
from model_build.lab.experiment.validation import OF_ONE_CLASS, Metric, Output, Validation
from model_build.recipe.section import Section

_MADE_FOR_HZ = 16_000
_TAKEN_NAMES = {
    *("assets", "clips", "comparison", "downloads", "features", "index", "inspections", "mlruns"),
}
_OF_TRUNKS = {
    "kind": "log-mel",
    "sample_rate_hz": 16_000,
    "frame_seconds": 0.025,
    "hop_seconds": 0.01,
    "used_fft_size": 512,
    "bands": 64,
    "low_hz": 125.0,
    "high_hz": 7_500.0,
    "normalisation": "none",
}


class Experiment(Section, frozen=True, kw_only=True, omit_defaults=True):
    """One experiment. Raises ValueError if its sections contradict each other."""

    name: Annotated[
        str,
        Meta(
            pattern="^[a-z0-9][a-z0-9-]*$",
            max_length=64,
            description="at most 64 lower-case letters, digits and hyphens",
        ),
    ]
    """Name of the experiment and of its run folder: lower-case letters, digits and hyphens; not the
    name of what lies beside the run folders, such as `features`."""
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
    """Random changes of what a model is trained on."""
    pruning: Pruning | None = None
    """How a trained network is made smaller; nothing is removed without this section."""
    search: Search | None = None
    """Keys of this file whose best values are searched for."""
    ablate: dict[str, Ablated] = msgspec.field(default_factory=dict)
    """Parts of the experiment, by a name of your own, that are removed or replaced in turn, to see
    what each contributes."""
    validation: Validation = Validation()
    """Which clips the figures are measured on."""
    output: Output = Output()
    """Where the results go."""

    def __post_init__(self) -> None:
        if self.name.endswith("\n"):  # which the pattern allows
            raise ValueError("name: a line break follows it; write it on one line")
        if self.name in _TAKEN_NAMES:
            raise ValueError(f"name: {self.name} is taken by a file or folder beside the runs")
        self._check_augmentation()
        self._check_trunk()
        if self.model.is_classical and self.training:
            raise ValueError(f"training belongs to networks, and {self.model.kind} is not one")
        self._check_labels()
        self._check_variations()
        if self.validation.strategy == "own-folds" and self._lacks_folds:
            raise ValueError(
                "validation.strategy: own-folds needs data with folds: a table with "
                "data.fold_column, nsynth or medley-solos-db"
            )

    def _check_labels(self) -> None:
        """Check the keys that depend on whether a recording can have several labels."""
        if not self.data.multi_label:
            if self.output.thresholds == "best-f1":
                raise ValueError("output.thresholds: best-f1 belongs to data.multi_label")
            return
        if self.loss == "cross-entropy":
            raise ValueError("training.loss: cross-entropy allows one class; use bce or focal")
        asked = {"validation.metric": self.metric}
        if self.search and self.search.metric:
            asked["search.metric"] = self.search.metric
        for key, metric in asked.items():
            if metric in OF_ONE_CLASS:
                raise ValueError(
                    f"{key}: {metric} is for recordings with one class each; with data.multi_label "
                    "use roc_auc_macro, pr_auc_macro, f1_macro, f1_micro or hamming_loss"
                )

    def _check_augmentation(self) -> None:
        augmentation = self.augmentation or Augmentation()
        if self.model.is_classical and augmentation.of_networks:
            raise ValueError(
                f"augmentation: {augmentation.of_networks} belongs to networks, and "
                f"{self.model.kind} is not one"
            )
        if augmentation.needs_16_khz and self.front_end.sample_rate_hz != _MADE_FOR_HZ:
            raise ValueError(
                "augmentation: rooms and microphones are made for front_end.sample_rate_hz: "
                f"{_MADE_FOR_HZ}; set room_probability and microphone_probability to 0"
            )

    def _check_trunk(self) -> None:
        """A trunk works only on the front end that it was trained with."""
        if not self.model.trunk_of:
            return
        for name, value in _OF_TRUNKS.items():
            if getattr(self.front_end, name) != value:
                raise ValueError(
                    f"front_end.{name.removeprefix('used_')}: a trunk needs {value}, with which it "
                    "was trained"
                )
        augmentation = self.augmentation or Augmentation()
        if augmentation.of_networks and not self.model.fine_tuned:
            raise ValueError(
                f"augmentation: {augmentation.of_networks} changes batches, and a frozen trunk is "
                "applied before; use copies, or set model.fine_tuned"
            )

    def _check_variations(self) -> None:
        """Check `pruning`, `search`, `ablate` and `output.cam` against the model."""
        kind = self.model.kind
        is_partly_trained = self.model.is_classical or self.model.trunk_of
        if self.pruning and is_partly_trained:
            raise ValueError(f"pruning belongs to networks trained as a whole, not to {kind}")
        if self.pruning and self.training and self.training.mixed_precision:
            raise ValueError("pruning needs float32; set training.mixed_precision to false")
        if self.pruning and self.pruning.kind == "channels" and kind not in CHAINS:
            raise ValueError(
                f"pruning.kind: channels belongs to {', '.join(CHAINS)}, not to {kind}"
            )
        if self.output.cam != "none" and (is_partly_trained or kind == "mlp"):
            raise ValueError(f"output.cam: {kind} has no layer over time whose activations to show")
        if self.output.cam == "cam" and (kind == "musicnet-cnn" or self.model.pool == "max"):
            raise ValueError("output.cam: cam needs a mean before the last layer; use grad-cam")
        if self.search and self.ablate:
            raise ValueError("set only one of search and ablate")
        if self.search and self.search.strategy == "hyperband":
            if self.model.is_classical:
                raise ValueError("search.strategy: hyperband varies epochs, which networks have")
            if "training.epochs" in self.search.space:
                raise ValueError("search.space: hyperband itself varies training.epochs")

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
    def metric(self) -> Metric:
        """The figure that the experiment is compared by."""
        default: Metric = "roc_auc_macro" if self.data.multi_label else "accuracy"
        return self.validation.metric or default

    @property
    def sha256(self) -> str:
        """SHA-256 of all settings, independent of the comments and layout of the file."""
        return hashlib.sha256(msgspec.json.encode(_all_values(self))).hexdigest()


def _all_values(value: Any) -> Any:
    """Return a value with all keys of its sections.

    msgspec leaves out a default only if it is the very same object, which it is no longer in an
    experiment that another process has received.
    """
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    if isinstance(value, dict):
        return {key: _all_values(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_all_values(one) for one in value]
    return value
