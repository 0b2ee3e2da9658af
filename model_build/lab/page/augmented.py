"""Some training chunks as the network gets them, with all random changes."""

from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from model_build.lab.data.usable import usable_recordings
from model_build.lab.executor.pool import Workers, open_pool
from model_build.lab.page.clips import FOLDER, brightness, write_picture
from model_build.lab.run.folds_run import Task
from model_build.lab.run.lab_run import LabRun, Record
from model_build.lab.run.open_task import open_task
from model_build.lab.run.training_set import training_set
from model_build.lab.run.validated import rows_of
from model_build.networks.quiet_keras import import_keras

_MOST = 12
_FEWEST_SHARE = 0.01


class Shown(msgspec.Struct, frozen=True):
    """A training chunk."""

    picture: str
    """Its picture, by its name in the folder of clips."""
    label: str
    """Its classes; with their shares if chunks are mixed."""


def augmented_batch(run: LabRun, record: Record, workers: Workers) -> list[Shown]:
    """Write pictures of some training chunks, changed as in a training; return them.

    Empty if the model is not a network, or if the recordings are no longer there.
    """
    # The run folder may have been moved since.
    output = msgspec.structs.replace(record.experiment.output, folder=str(run.folder.parent))
    experiment = msgspec.structs.replace(record.experiment, output=output)
    if experiment.model.is_classical:
        return []
    try:
        with open_pool(workers) as pool:
            labelled = usable_recordings(experiment.data, run.folder.parent, pool)
            task = open_task(experiment, labelled, run, pool, seed=record.seed)
            # A worker has imported TensorFlow already, which takes seconds.
            chunks, targets = pool.executor.submit(_first_batch, task).result()
    except InputError:
        return []
    return [
        _shown(run, record, n, chunk, target)
        for n, (chunk, target) in enumerate(zip(chunks, targets, strict=True))
    ]


def _first_batch(task: Task) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    import_keras()
    from model_build.lab.models.batches import Batches

    rows = rows_of(task, "train")
    data = training_set(task.features, task.truth, rows, task.experiment.data, task.seed)
    batches = Batches(
        data.values,
        data.rows,
        np.asarray(data.truth.has[data.owners], np.float32),
        np.ones(len(data.rows), np.float32),
        batch_chunks=_MOST,
        augmentation=task.experiment.augmentation,
        seed=task.seed,
    )
    chunks, targets, _ = batches[0]
    return chunks, targets


def _shown(
    run: LabRun, record: Record, n: int, chunk: NDArray[np.float32], target: NDArray[np.float32]
) -> Shown:
    name = f"{run.folder.name}-batch-{n}.webp"
    write_picture(Path(run.folder.parent, FOLDER, name), brightness(chunk.T[::-1]))
    parts = [
        (float(share), label)
        for share, label in zip(target, record.classes, strict=True)
        if share >= _FEWEST_SHARE
    ]
    if all(share > 1.0 - _FEWEST_SHARE for share, _ in parts):
        return Shown(name, ", ".join(label for _, label in parts) or "no class")
    return Shown(name, ", ".join(f"{share:.0%} {label}" for share, label in sorted(parts)[::-1]))
