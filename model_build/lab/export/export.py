"""Export the final model of a run as a model file of the daemon."""

import hashlib
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from daemon.errors import InputError
from daemon.hearing.classifier import Classifier, load_network
from daemon.hearing.contract.reading import CONTRACT_VERSION
from daemon.hearing.model_file import (
    CLASSES,
    CLASSES_TASK,
    Calibration,
    Contract,
    Provenance,
    write_contract,
)
from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SAMPLES
from daemon.system.files.whole_file import whole_file
from model_build.lab.data.sound import read_example
from model_build.lab.data.usable import usable_recordings
from model_build.lab.experiment import Augmentation, Experiment
from model_build.lab.export.agreement import Agreement, agreement, chunk_scores, window_scores
from model_build.lab.export.networks import network_of
from model_build.lab.export.obstacles import label_obstacles, obstacles
from model_build.lab.export.representative import representative_chunks
from model_build.lab.features.front_end import ChunkMaker, log_mel_front_end
from model_build.lab.features.store import Copies, Features, make_features
from model_build.lab.models.fit import load
from model_build.lab.models.int8 import int8_network
from model_build.lab.models.model import Fitted
from model_build.lab.run.lab_run import LabRun, Record
from model_build.networks.yamnet import LICENCE

_STEP_SECONDS = 0.5  # the tracker's, so that the network runs once for both
_SOFTMAX_THRESHOLD = 0.5
_COMPARED = 64


class Exported(NamedTuple):
    """A model file, and how it compares with `lab predict`."""

    path: Path
    """The file."""
    contract: Contract
    """What it states."""
    size_bytes: int
    """Its size."""
    side: str
    """The recordings that were compared: `test`, or `train` if there are none."""
    network: Agreement
    """The int8 network on the same chunks."""
    box: Agreement
    """The daemon's windows of the same recordings."""


def export(folder: Path, output: Path | None = None) -> Exported:
    """Write the final model of a run to `output`, by default to the run's folder.

    Raises InputError if the run is not finished, if its model cannot run on the box, or if its
    recordings, from which the ranges of the int8 values come, cannot be read any more.
    """
    run = LabRun(folder)
    record = _finished(run)
    path = output or run.folder / f"{record.experiment.name}.tflite"
    if not path.parent.is_dir():
        raise InputError(f"{path.parent}: no such folder; make it, or choose another --output")
    fitted = load(record.experiment, run.model)
    is_softmax = record.experiment.loss == "cross-entropy"
    features = _features(record, run)
    contract = contract_of(record, is_softmax=is_softmax)
    train = _rows(features, "train")
    chunks = representative_chunks(features, train, contract.front_end)
    keras_network = network_of(fitted, record.experiment, len(record.classes))
    network = int8_network(keras_network, chunks)
    classifier = Classifier(load_network(network), contract)
    side = "test" if len(_rows(features, "test")) else "train"
    compared = _compare(record, fitted, classifier, features, _rows(features, side))
    with whole_file(path) as fresh:
        fresh.write_bytes(network)
        write_contract(fresh, contract)
    return Exported(path, contract, path.stat().st_size, side, *compared)


def contract_of(record: Record, *, is_softmax: bool) -> Contract:
    """Return the contract of a run's final model; its checksum is still empty."""
    experiment, classes = record.experiment, record.classes
    front_end = log_mel_front_end(experiment.front_end)
    is_one_shot = experiment.front_end.most_chunks == 1
    thresholds = record.used_thresholds or (experiment.validation.threshold,) * len(classes)
    figures = {"validation": record.validation, "test": record.test}
    metrics = {
        f"{side}_{measured.metric}": measured.value
        for side, measured in figures.items()
        if measured is not None and measured.value is not None
    }
    return Contract(
        contract_version=CONTRACT_VERSION,
        task=CLASSES_TASK,
        outputs={CLASSES: CLASSES},
        tflite_sha256="",
        name=experiment.name,
        version=_version(record),
        front_end=front_end,
        patch_frames=experiment.front_end.chunk_frames,
        patch_starts=_patch_starts(experiment),
        activation="softmax" if is_softmax else "sigmoid",
        pooling="max" if is_one_shot else "mean",
        families=classes,
        calibration=(Calibration(),) * len(classes),
        thresholds=(_SOFTMAX_THRESHOLD,) * len(classes) if is_softmax else thresholds,
        provenance=Provenance(
            recipe_sha256=experiment.sha256,
            corpus_sha256=record.data_sha256,
            seed=record.seed,
            metrics=metrics,
            base="YAMNet" if experiment.model.trunk_of else "",
            base_licence=LICENCE if experiment.model.trunk_of else "",
        ),
    )


def _finished(run: LabRun) -> Record:
    """Return the record of a run that can be exported; raises InputError otherwise."""
    record = run.read_finished()
    is_softmax = record.experiment.loss == "cross-entropy"
    found = obstacles(record.experiment)
    found += label_obstacles(record.classes, is_softmax=is_softmax) if not found else []
    if found:
        raise InputError(*(f"{run.folder}: {reason}" for reason in found))
    return record


def _features(record: Record, run: LabRun) -> Features:
    """Return the chunks that the run was trained on."""
    experiment, folder = record.experiment, run.folder.parent / "features"
    examples = usable_recordings(experiment.data, run.folder.parent).examples
    copies = Copies(experiment.augmentation or Augmentation(), record.seed)
    return make_features(examples, experiment.front_end, folder, copies=copies)


def _patch_starts(experiment: Experiment) -> tuple[int, ...]:
    """Return the first frames of the patches of a window: one every half second."""
    front_end = log_mel_front_end(experiment.front_end)
    last = front_end.frames_in(WINDOW_SAMPLES) - experiment.front_end.chunk_frames
    step = max(1, round(_STEP_SECONDS * SAMPLE_RATE_HZ / front_end.hop_samples))
    return tuple(range(0, last + 1, step))


def _version(record: Record) -> str:
    """Return a short hash of everything that the model was made from."""
    origin = [record.experiment.sha256, record.data_sha256, record.seed]
    return hashlib.sha256(msgspec.json.encode(origin)).hexdigest()[:8]


def _rows(features: Features, side: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([n for n, one in enumerate(features.examples) if one.side == side], np.int64)


def _compare(
    record: Record,
    fitted: Fitted,
    classifier: Classifier,
    features: Features,
    rows: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> tuple[Agreement, Agreement]:
    """Compare up to 64 recordings, spread evenly."""
    chosen = rows[np.unique(np.linspace(0, len(rows) - 1, _COMPARED).round().astype(int))]
    maker = ChunkMaker(record.experiment.front_end)
    lab, network, box = [], [], []
    for row in chosen:
        samples = read_example(features.examples[row], SAMPLE_RATE_HZ)
        chunks = maker.chunks(samples)
        lab.append(fitted.scores(chunks).mean(axis=0))
        network.append(chunk_scores(classifier, chunks))
        box.append(window_scores(classifier, samples))
    return (
        agreement(lab, network, record.classes, record.used_thresholds),
        agreement(lab, box, record.classes, record.used_thresholds),
    )
