"""What the command line changes of an experiment: where the data are, and its size."""

from pathlib import Path
from typing import NamedTuple

import msgspec

from model_build.lab.experiment.experiment import Experiment, read_experiment
from model_build.lab.experiment.training import Training

_SUFFIX = "-sample"
_FOLDS, _EPOCHS, _TREES, _MOST_CHUNKS, _CHUNK_SECONDS = 2, 1, 10, 2, 0.5


class Changes(NamedTuple):
    """The options of the command line; the default changes nothing."""

    path: Path | str | None = None
    """Another `data.path`."""
    test_path: Path | str | None = None
    """Another `data.test_path`."""
    is_sample: bool = False
    """True to make the experiment small."""

    def read(self, file: Path) -> Experiment:
        """Read an experiment and change it. Raises InputError if the file is invalid."""
        experiment = read_experiment(file)
        changes = {"path": self.path, "test_path": self.test_path}
        given = {name: str(path) for name, path in changes.items() if path}
        data = msgspec.structs.replace(experiment.data, **given)
        experiment = msgspec.structs.replace(experiment, data=data)
        return sampled(experiment) if self.is_sample else experiment


def sampled(experiment: Experiment) -> Experiment:
    """Return an experiment with two folds, one epoch and short chunks; its figures mean nothing."""
    replaced = msgspec.structs.replace
    front_end, model, validation = experiment.front_end, experiment.model, experiment.validation
    training = None
    if not model.is_classical:
        training = replaced(
            experiment.training or Training(), epochs=_EPOCHS, warm_up_epochs=0, patience_epochs=0
        )
    return replaced(
        experiment,
        name=experiment.name + _SUFFIX,
        front_end=replaced(
            front_end,
            chunk_seconds=min(front_end.chunk_seconds, _CHUNK_SECONDS),
            most_chunks=min(front_end.most_chunks, _MOST_CHUNKS),
        ),
        model=replaced(model, trees=_TREES) if model.kind == "forest" else model,
        training=training,
        validation=replaced(validation, folds=_FOLDS, chosen_folds=(), leak_check=False),
    )
