"""What a network costs as a TFLite file: bytes, and CPU time on the daemon's runtime."""

import time
import zlib
from pathlib import Path
from typing import Any

import keras
import numpy as np

from daemon.hearing.classifier import load_network
from model_build.lab.features.reading import Chunks
from model_build.lab.models.fitted_network import FittedNetwork
from model_build.lab.models.int8 import int8_network
from model_build.lab.models.model import Fitted, TrainingSet
from model_build.lab.pruning.cost_file import Cost, write_cost_file

_ROUNDS, _RUNS = 5, 20
_CHUNKS = 50


def costs(networks: list[keras.Model], chunks: Chunks) -> list[Cost]:
    """Return the cost of each network; `chunks` (n, frames, values) give the ranges of int8.

    The networks take turns, so that a change of the machine's speed affects all of them. Raises
    InputError if TFLite has no int8 form of a layer.
    """
    files = [int8_network(network, chunks) for network in networks]
    runs = [load_network(file) for file in files]
    rounds = np.array([[_milliseconds(run, chunks) for run in runs] for _ in range(_ROUNDS)])
    return [
        Cost(_weights(network), len(file), len(zlib.compress(file, 9)), round(float(spent), 4))
        for network, file, spent in zip(networks, files, np.median(rounds, axis=0), strict=True)
    ]


def write_costs(folder: Path, whole: Fitted, pruned: Fitted, data: TrainingSet) -> None:
    """Measure a network before and after pruning, and write both costs to a folder."""
    assert isinstance(whole, FittedNetwork)  # noqa: S101 (for mypy)
    assert isinstance(pruned, FittedNetwork)  # noqa: S101 (for mypy)
    places = np.linspace(0, len(data.rows) - 1, _CHUNKS).round().astype(int)
    before, after = costs([whole.model, pruned.model], np.array(data.values[data.rows[places]]))
    write_cost_file(folder, before, after)


def _weights(network: keras.Model) -> int:
    return sum(int(np.count_nonzero(np.asarray(one))) for one in network.trainable_variables)


def _milliseconds(run: Any, chunks: Chunks) -> float:
    place = run.get_input_details()[0]["index"]
    began = time.process_time()
    for n in range(_RUNS):
        run.set_tensor(place, chunks[n % len(chunks)][None])
        run.invoke()
    return 1_000.0 * (time.process_time() - began) / _RUNS
