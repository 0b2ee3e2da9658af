"""The folder of a run, and the types of its files."""

from pathlib import Path
from typing import NamedTuple

import msgspec

from daemon.errors import InputError
from daemon.system.files.whole_file import whole_file
from model_build.lab.experiment import Experiment
from model_build.lab.pruning.cost_file import Cost
from model_build.lab.run.provenance import Git
from model_build.lab.validation.metrics import Figures

_REMEDY = "run `timbrel-build lab run FILE` first"


class Measured(msgspec.Struct, frozen=True):
    """The figures of some recordings, with the interval of the experiment's metric."""

    figures: Figures
    """All figures."""
    metric: str
    """The metric of the experiment."""
    value: float | None
    """Its value; None if it cannot be computed."""
    interval: tuple[float, float] | None
    """Its 95 % interval, by bootstrap over the groups."""
    folds: list[float | None]
    """Its value on each fold; empty for the test recordings."""
    mean_over_groups: float | None = None
    """Mean of the metric over the groups, each of which counts alike."""


class Pruned(msgspec.Struct, frozen=True):
    """What pruning changed."""

    unpruned: Measured
    """Figures on the same validation recordings before pruning."""
    before: Cost
    """Cost of the final model before pruning."""
    after: Cost
    """Cost of the final model."""


class Leak(msgspec.Struct, frozen=True):
    """The validation recordings at random whose near-duplicates the model was trained on."""

    clips: int
    """Validation recordings of the folds at random."""
    repeated: int
    """Those with a near-duplicate in the training recordings of their fold."""
    value_repeated: float | None
    """The experiment's metric on these; None if there are none."""
    value_others: float | None
    """The experiment's metric on the others."""
    pairs: list[tuple[str, str]]
    """Names of these recordings, each with a near-duplicate in training; at most 200."""


class Started(msgspec.Struct, frozen=True):
    """Written when a run starts, so that it can be resumed with the same seed."""

    experiment_sha256: str
    """Hash of the experiment."""
    seed: int
    """The seed, also if the experiment draws one."""


class Record(msgspec.Struct, frozen=True):
    """A finished run."""

    experiment: Experiment
    """The experiment."""
    seed: int
    """The seed of all random numbers."""
    versions: dict[str, str]
    """Versions of packages."""
    git: Git | None
    """State of the repository; None if there is none."""
    data_sha256: str
    """Hash of the names, labels and samples of the recordings."""
    classes: tuple[str, ...]
    """The classes, in the order of the scores."""
    clips: dict[str, int]
    """Number of recordings for training and of those for the test."""
    left: dict[str, int]
    """Number of rows and files left out, by reason."""
    notes: list[str]
    """Remarks on the data and the figures."""
    validation: Measured
    """Figures on the validation recordings of all folds."""
    random: Measured | None
    """The same with folds at random, if the experiment has a leak check."""
    test: Measured | None
    """Figures of the final model on the test recordings, if there are any."""
    seconds: float
    """Duration of the run."""
    pruned: Pruned | None = None
    """What pruning changed; None without `pruning`."""
    leak: Leak | None = None
    """What near-duplicates add to the figure at random, if the experiment has a leak check."""
    thresholds: list[float] | None = None
    """Score from which each class is predicted; None for `validation.threshold`."""

    @property
    def used_thresholds(self) -> tuple[float, ...] | None:
        """Threshold of each class in `lab predict`; None if a recording has exactly one class."""
        if not self.experiment.data.multi_label:
            return None
        default = [self.experiment.validation.threshold] * len(self.classes)
        return tuple(self.thresholds or default)


class LabRun(NamedTuple):
    """The files of a run."""

    folder: Path
    """The folder of the run."""

    @property
    def started(self) -> Path:
        """The seed of a run that is not finished yet."""
        return self.folder / "started.json"

    @property
    def ablating(self) -> Path:
        """The seed of a finished run whose ablation is not finished yet."""
        return self.folder / "ablation" / "started.json"

    @property
    def record(self) -> Path:
        """The record of the finished run."""
        return self.folder / "run.json"

    @property
    def predictions(self) -> Path:
        """Scores of the validation recordings, each by the model that was not trained on it."""
        return self.folder / "predictions.csv"

    @property
    def test_predictions(self) -> Path:
        """Scores of the test recordings."""
        return self.folder / "test-predictions.csv"

    @property
    def model(self) -> Path:
        """Folder of the final model."""
        return self.folder / "model"

    @property
    def pictures(self) -> Path:
        """Folder of the pictures of what speaks for a class."""
        return self.folder / "cams"

    def fold(self, strategy: str, number: int) -> Path:
        """Return the folder of a fold."""
        return self.folder / "folds" / f"{strategy}-{number}"

    def read_record(self) -> Record:
        """Return the record. Raises InputError if the run is not finished, or its file damaged."""
        try:
            return msgspec.json.decode(self.record.read_bytes(), type=Record)
        except OSError:
            raise InputError(f"{self.folder}: there is no finished run; {_REMEDY}") from None
        except msgspec.DecodeError as error:
            raise InputError(f"{self.record}: {error}; run the experiment again") from None

    def read_finished(self) -> Record:
        """Return the record of the run that the final model is of.

        Raises InputError as `read_record`, or if the run was started again and interrupted.
        """
        if self.started.is_file():
            raise InputError(
                f"{self.folder}: the run was interrupted; continue it with `timbrel-build lab run`"
            )
        return self.read_record()


def run_of(experiment: Experiment) -> LabRun:
    """Return the run folder of an experiment."""
    return LabRun(Path(experiment.output.folder).expanduser() / experiment.name)


def write_struct(path: Path, value: msgspec.Struct) -> None:
    """Write a struct as JSON in one step."""
    with whole_file(path) as fresh:
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=1))
