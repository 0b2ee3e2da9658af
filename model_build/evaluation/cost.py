"""Measure the CPU time of a model and of a peer on this machine.

This module runs as a program of its own, so that TensorFlow and NumPy's threads do not count.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.hearing.classifier import Classifier, load_classifier, load_network
from daemon.hearing.scorer import Scorer
from daemon.sound.window import SAMPLE_RATE_HZ, WindowBuffer

HOP_SECONDS = 1.0
PEER_HOP_SECONDS = 0.5  # as often as the daemon runs its own network
SOUND_SECONDS = 30
ROUNDS, TRIES = 3, 3

Samples = NDArray[np.float32]


class Cost(msgspec.Struct, frozen=True):
    """The CPU time of one model."""

    milliseconds: float
    """CPU time per second of sound, front end included."""
    ratio: float | None = None
    """CPU time as a multiple of the peer's, run every 0.5 s; None without a peer."""
    sparse_ratio: float | None = None
    """The same for a peer that is run on consecutive sound, as rarely as its input permits."""
    patches_a_second: float | None = None
    """How often the network runs per second of sound."""


def measure_costs(model: Path, peer: Path | None = None) -> list[Cost]:
    """Return the cost of the model file, and of the peer if there is one.

    Both are measured in a process that does nothing else.
    """
    files = [str(file) for file in (model, peer) if file]
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "model_build.evaluation.cost", *files],
        check=True,
        stdout=subprocess.PIPE,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # as in the daemon
    )
    return msgspec.json.decode(done.stdout, type=list[Cost])


def measure_costs_here(model: Path, peer: Path | None = None) -> list[Cost]:
    """Return the same as `measure_costs`, measured in this process."""
    # The content of the sound has no influence on the time.
    noise = np.random.default_rng(1).standard_normal(SOUND_SECONDS * SAMPLE_RATE_HZ)
    samples = np.asarray(0.1 * noise, np.float32)
    classifier = load_classifier(model)
    runs = [_model_run(classifier, samples)]
    if peer:
        network = load_network(peer)
        length = int(np.prod(network.get_input_details()[0]["shape"]))
        hops = (round(PEER_HOP_SECONDS * SAMPLE_RATE_HZ), length)
        runs += [peer_run(network, samples, hop) for hop in hops]
    # All take turns, so that a change of the machine's speed affects all of them.
    rounds = np.array([[_best_ms(run) for run in runs] for _ in range(ROUNDS)])
    patches = classifier.patches_run / (ROUNDS * (TRIES + 1) * SOUND_SECONDS)
    return costs_of(rounds, patches)


def costs_of(rounds: NDArray[np.float64], patches: float) -> list[Cost]:
    """Return the costs from the milliseconds of each round, shape (rounds, runs).

    The runs are the model, the peer every 0.5 s and the peer as rarely as possible, or the model
    alone. `patches` is how often the model's network ran per second of sound.
    """
    spent = np.median(rounds, axis=0).tolist()
    if len(spent) == 1:
        return [Cost(spent[0], patches_a_second=patches)]
    # The ratio of each round, because a change of the machine's speed affects both alike.
    ratios = np.median(rounds[:, :, None] / rounds[:, None, :], axis=0).tolist()
    return [
        Cost(spent[0], ratios[0][1], ratios[0][2], patches),
        Cost(spent[1], 1.0, ratios[1][2], 1.0 / PEER_HOP_SECONDS),
    ]


def _model_run(classifier: Classifier, samples: Samples) -> Callable[[], None]:
    def run() -> None:
        scorer = Scorer(classifier, gate_dbfs=None)
        for window in WindowBuffer(HOP_SECONDS).push(samples):
            scorer.hear(window)

    return run


def peer_run(network: Any, samples: Samples, hop: int) -> Callable[[], None]:
    """Return a run of the peer over all samples, on a piece of its input's length every `hop`."""
    inputs, outputs = network.get_input_details()[0], network.get_output_details()[0]
    length = int(np.prod(inputs["shape"]))
    # The beginning is repeated at the end, so that no part of the last second has fewer pieces.
    padded = np.concatenate([samples, samples[:length]])

    def run() -> None:
        for start in range(0, len(samples), hop):
            network.set_tensor(inputs["index"], padded[start : start + length])
            network.invoke()
            network.get_tensor(outputs["index"])

    return run


def _best_ms(run: Callable[[], None]) -> float:
    """Return the CPU milliseconds per second of sound: the best of some tries after a warm-up."""
    spent = []
    for _ in range(TRIES + 1):
        began = time.process_time()
        run()
        spent.append(time.process_time() - began)
    return 1000.0 * min(spent[1:]) / SOUND_SECONDS


if __name__ == "__main__":
    print(msgspec.json.encode(measure_costs_here(*map(Path, sys.argv[1:]))).decode())
