"""Write the maps of a fold as pictures."""

import hashlib
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model_build.corpus.formats.labelled import Example
from model_build.lab.cam.cam_list import Cam
from model_build.lab.cam.chosen import Chosen, chosen
from model_build.lab.cam.maps import Cut, class_map, cut
from model_build.lab.cam.pictures import draw
from model_build.lab.experiment import Experiment
from model_build.lab.features.store import Features
from model_build.lab.features.truth import Truth
from model_build.lab.models.fitted_network import FittedNetwork
from model_build.lab.models.model import Fitted, Scores
from model_build.lab.validation.metrics import predicted


class Shown(NamedTuple):
    """The validation recordings of a fold, and what its model says of them."""

    experiment: Experiment
    """The experiment."""
    features: Features
    """The chunks of all recordings."""
    truth: Truth
    """The labels of all recordings."""
    rows: NDArray[np.int64]
    """The validation recordings."""
    scores: Scores
    """Their scores, (recordings, classes)."""


def write_cams(fitted: Fitted, shown: Shown, folder: Path) -> list[Cam]:
    """Write pictures of some recordings to a folder; return the list of them.

    Raises InputError if the network has no maps.
    """
    assert isinstance(fitted, FittedNetwork)  # noqa: S101 (an experiment refuses others)
    folder.mkdir(parents=True, exist_ok=True)
    network = cut(fitted.model)
    experiment = shown.experiment
    threshold = experiment.validation.threshold if experiment.data.multi_label else None
    result = predicted(shown.truth.rows(shown.rows), shown.scores, threshold)
    written = partial(_written, fitted, network, shown, folder=folder)
    return [
        written(one, place)
        for one in chosen(result, experiment.output.cam_clips)
        for place in one.classes
    ]


def _written(
    fitted: FittedNetwork, network: Cut, shown: Shown, one: Chosen, place: int, *, folder: Path
) -> Cam:
    """Draw a class's map over the chunk of the recording in which its score is highest."""
    row = shown.rows[one.row]
    example, label = shown.features.examples[row], shown.truth.classes[place]
    features = shown.features
    chunks = np.array(features.values[(features.owners == row) & (features.copies == 0)])
    chunk = chunks[fitted.scores(chunks)[:, place].argmax()]
    score = round(float(shown.scores[one.row, place]), 4)
    name = f"{clip_id(example)}-{place}.png"
    heat = class_map(network, chunk, place, shown.experiment.output.cam)
    title = f"{label} {score:.2f} ({one.kind}: {';'.join(example.labels) or 'no class'})"
    draw(folder / name, chunk, heat, shown.experiment.front_end, title)
    return Cam(example.name, example.start_seconds, one.kind, label, score, name)


def clip_id(example: Example) -> str:
    """Return what the names of a recording's pictures begin with."""
    text = f"{example.name}\n{example.start_seconds:g}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]
