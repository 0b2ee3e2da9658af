"""What the command line changes of an experiment: where the data are, and its size."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from daemon.errors import InputError
from model_build.lab.experiment.assigned import assigned
from model_build.lab.experiment.experiment import Experiment
from model_build.lab.experiment.model import Model
from model_build.lab.experiment.reading import read_experiment
from model_build.lab.experiment.search import Search
from model_build.lab.experiment.training import Training

_SUFFIX = "-sample"
_FOLDS, _EPOCHS, _TREES, _MOST_CHUNKS, _CHUNK_SECONDS = 2, 1, 10, 2, 0.5
_TRIALS, _PARTS, _PICTURES, _CONVOLUTIONS = 2, 1, 1, 2
_COPIES, _TRUNK_LAYER = 1, 2
_SLOW = ("resnet34", "resnet50")
"""Their networks take so long to set up that only one of the folds is run."""


class Changes(NamedTuple):
    """The options of the command line; the default changes nothing."""

    path: Path | str | None = None
    """Another `data.path`."""
    test_path: Path | str | None = None
    """Another `data.test_path`."""
    is_sample: bool = False
    """True to make the experiment small."""
    data_from: Path | None = None
    """Another experiment, whose section `data` is used."""
    assignments: Sequence[str] = ()
    """Other values of any keys, such as `training.epochs=5`."""

    def read(self, file: Path) -> Experiment:
        """Read an experiment and change it.

        With the data of another one, its name becomes `NAME-on-OTHER`. Raises InputError if a file
        is invalid, if the changes contradict it, or if its layout has no test data.
        """
        experiment = read_experiment(file)
        if self.data_from:
            experiment = _on_data_of(experiment, self.data_from, file)
        changes = {"path": self.path, "test_path": self.test_path}
        given = {name: str(path) for name, path in changes.items() if path}
        try:
            data = msgspec.structs.replace(experiment.data, **given)
        except ValueError as error:
            raise InputError(f"{file}: --data or --test-data: {error}") from None
        experiment = msgspec.structs.replace(experiment, data=data)
        if self.assignments:
            experiment = assigned(experiment, self.assignments)
        return sampled(experiment) if self.is_sample else experiment


def _on_data_of(experiment: Experiment, other: Path, file: Path) -> Experiment:
    """Return an experiment with the section `data` of another one."""
    source = read_experiment(other)
    name = f"{experiment.name}-on-{source.name}"
    try:
        return msgspec.structs.replace(experiment, name=name, data=source.data)
    except ValueError as error:
        raise InputError(f"{file} with the data of {other}: {error}") from None


def sampled(experiment: Experiment) -> Experiment:
    """Return an experiment with two folds, one epoch and short chunks; its figures mean nothing.

    A search has two trials, and an ablation one part.
    """
    replaced = msgspec.structs.replace
    front_end, model, validation = experiment.front_end, experiment.model, experiment.validation
    pruning, search = experiment.pruning, experiment.search
    training, augmentation = None, experiment.augmentation
    if not model.is_classical:
        training = replaced(
            experiment.training or Training(), epochs=_EPOCHS, warm_up_epochs=0, patience_epochs=0
        )
    if augmentation and augmentation.copies:
        augmentation = replaced(augmentation, copies=_COPIES)
    return replaced(
        experiment,
        name=experiment.name + _SUFFIX,
        front_end=replaced(
            front_end,
            chunk_seconds=min(front_end.chunk_seconds, _CHUNK_SECONDS),
            most_chunks=min(front_end.most_chunks, _MOST_CHUNKS),
        ),
        model=_small(model),
        training=training,
        augmentation=augmentation,
        pruning=pruning and replaced(pruning, epochs=_EPOCHS),
        search=search and replaced(search, trials=_trials(search)),
        ablate=dict(list(experiment.ablate.items())[:_PARTS]),
        output=replaced(experiment.output, cam_clips=_PICTURES),
        validation=replaced(
            validation,
            folds=_FOLDS,
            chosen_folds=(0,) if model.kind in _SLOW else (),
            leak_check=False,
        ),
    )


def _small(model: Model) -> Model:
    if model.trunk_of:
        model = msgspec.structs.replace(model, trunk_layer=_TRUNK_LAYER)
    if model.filters and not model.weights:
        model = msgspec.structs.replace(model, filters=model.filters[:_CONVOLUTIONS])
    return msgspec.structs.replace(model, trees=_TREES) if model.kind == "forest" else model


def _trials(search: Search) -> int | None:
    return _TRIALS if search.strategy == "random" else None
