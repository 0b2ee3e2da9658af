"""Measure the CPU time of a model and of a peer on this machine.

This module runs as a program of its own, so that TensorFlow and NumPy's threads do not count.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.hearing.classifier import Classifier, load_classifier, load_network
from daemon.hearing.scorer import Scorer
from daemon.sound.window import SAMPLE_RATE_HZ, WindowBuffer

HOP_SECONDS = 1.0
SOUND_SECONDS = 30
ROUNDS, TRIES = 3, 3

Samples = NDArray[np.float32]


class Cost(msgspec.Struct, frozen=True):
    """The CPU time of one model."""

    milliseconds: float
    """CPU time per second of sound, front end included."""
    ratio: float | None = None
    """CPU time as a multiple of the peer's; None without a peer."""


def measure_costs(model: Path, *peers: Path) -> list[Cost]:
    """Return the cost of the model file, and of the peer if there is one.

    Both are measured in a process that does nothing else.
    """
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "model_build.evaluation.cost", str(model), *map(str, peers)],
        check=True,
        stdout=subprocess.PIPE,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # as in the daemon
    )
    return msgspec.json.decode(done.stdout, type=list[Cost])


def measure_costs_here(model: Path, *peers: Path) -> list[Cost]:
    """Return the same as `measure_costs`, measured in this process."""
    # The content of the sound has no influence on the time.
    noise = np.random.default_rng(1).standard_normal(SOUND_SECONDS * SAMPLE_RATE_HZ)
    samples = np.asarray(0.1 * noise, np.float32)
    runs = [_model_run(load_classifier(model), samples)]
    runs += [_peer_run(peer, samples) for peer in peers]
    # All take turns, so that a change of the machine's speed affects all of them.
    rounds = np.array([[_best_ms(run) for run in runs] for _ in range(ROUNDS)])
    if not peers:
        return [Cost(float(np.median(rounds)))]
    ratios = np.median(rounds / rounds[:, 1:2], axis=0)
    return [Cost(*map(float, pair)) for pair in zip(np.median(rounds, axis=0), ratios, strict=True)]


def _model_run(classifier: Classifier, samples: Samples) -> Callable[[], None]:
    def run() -> None:
        scorer = Scorer(classifier, gate_dbfs=None)
        for window in WindowBuffer(HOP_SECONDS).push(samples):
            scorer.hear(window)

    return run


def _peer_run(peer: Path, samples: Samples) -> Callable[[], None]:
    """Return a run of the peer over all samples, in consecutive chunks of its input's length."""
    interpreter = load_network(peer)
    inputs, outputs = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    chunk = int(np.prod(inputs["shape"]))

    def run() -> None:
        for start in range(0, len(samples) - chunk + 1, chunk):
            interpreter.set_tensor(inputs["index"], samples[start : start + chunk])
            interpreter.invoke()
            interpreter.get_tensor(outputs["index"])

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
