"""Open what the folds of a run share."""

from pathlib import Path

from daemon.errors import InputError
from model_build.corpus.formats.labelled import Labelled
from model_build.lab.data.recordings import check_classes, read_recordings
from model_build.lab.data.usable import as_usable
from model_build.lab.executor.pool import Pool, Workers
from model_build.lab.experiment import Augmentation, Experiment
from model_build.lab.features.store import Copies, make_features
from model_build.lab.features.truth import truth_of
from model_build.lab.run.folds_run import Task
from model_build.lab.run.lab_run import LabRun
from model_build.lab.validation.folds import check_folds


def open_recordings(experiment: Experiment, run: LabRun, workers: Workers) -> Labelled:
    """Return the usable recordings of an experiment.

    Raises InputError if they cannot be read or are too few for the folds, before any is inspected.
    """
    data = experiment.data
    found = read_recordings(data)
    check_folds(found.examples, experiment.validation, data)
    return as_usable(found, data, run.folder.parent, workers)


def open_task(
    experiment: Experiment,
    labelled: Labelled,
    run: LabRun,
    pool: Pool,
    *,
    seed: int,
    like: Task | None = None,
) -> Task:
    """Compute the features of the recordings, or reuse them; return the task of the run.

    The features of all runs are in one folder, `output.folder`/features. Raises InputError if no
    recording can be used, if the usable ones have only one class, or if they are not the same ones
    as in the task `like`.
    """
    folder = Path(experiment.output.folder).expanduser() / "features"
    copies = Copies(experiment.augmentation or Augmentation(), seed)
    features = make_features(labelled.examples, experiment.front_end, folder, pool, copies)
    if like and features.examples != like.features.examples:
        raise InputError("front_end: with these values, other recordings can be used")
    used = Labelled(features.examples, labelled.left + features.left)
    check_classes(experiment.data, used)
    return Task(experiment, seed, features, truth_of(features.examples, used.classes), run)
