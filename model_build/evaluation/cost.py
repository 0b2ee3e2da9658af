"""What hearing costs on this machine: CPU a second of sound takes, for a model and a peer.

Run as a program of its own, so that neither TensorFlow nor threads of NumPy's count.
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
    """CPU milliseconds a second of sound takes, front end included; `ratio` is to the peer's."""

    milliseconds: float
    ratio: float | None = None


def costs(model: Path, *peers: Path) -> list[Cost]:
    """The model's cost, then the peer's if there is one, from a process that does nothing else."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "model_build.evaluation.cost", str(model), *map(str, peers)],
        check=True,
        stdout=subprocess.PIPE,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # as the daemon does
    )
    return msgspec.json.decode(done.stdout, type=list[Cost])


def measured(model: Path, *peers: Path) -> list[Cost]:
    """What `costs` gives, measured in this process."""
    # What sounds does not matter: as many numbers are multiplied.
    noise = np.random.default_rng(1).standard_normal(SOUND_SECONDS * SAMPLE_RATE_HZ)
    samples = np.asarray(0.1 * noise, np.float32)
    listening = [_listening(load_classifier(model), samples)]
    listening += [_listening_as_peer(peer, samples) for peer in peers]
    # In turn, so that a machine whose speed drifts slows all.
    rounds = np.array([[_best_ms(listen) for listen in listening] for _ in range(ROUNDS)])
    if not peers:
        return [Cost(float(np.median(rounds)))]
    ratios = np.median(rounds / rounds[:, 1:2], axis=0)
    return [Cost(*map(float, pair)) for pair in zip(np.median(rounds, axis=0), ratios, strict=True)]


def _listening(classifier: Classifier, samples: Samples) -> Callable[[], None]:
    def listen() -> None:
        hearing = Scorer(classifier, gate_dbfs=None)
        for window in WindowBuffer(HOP_SECONDS).push(samples):
            hearing.hear(window)

    return listen


def _listening_as_peer(peer: Path, samples: Samples) -> Callable[[], None]:
    """A peer takes the waveform, each sample once, in chunks of its own length."""
    interpreter = load_network(peer)
    heard, said = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    chunk = int(np.prod(heard["shape"]))

    def listen() -> None:
        for start in range(0, len(samples) - chunk + 1, chunk):
            interpreter.set_tensor(heard["index"], samples[start : start + chunk])
            interpreter.invoke()
            interpreter.get_tensor(said["index"])

    return listen


def _best_ms(listen: Callable[[], None]) -> float:
    """CPU milliseconds a second of sound: the best of some tries, the first only warms up."""
    spent = []
    for _ in range(TRIES + 1):
        began = time.process_time()
        listen()
        spent.append(time.process_time() - began)
    return 1000.0 * min(spent[1:]) / SOUND_SECONDS


if __name__ == "__main__":
    print(msgspec.json.encode(measured(*map(Path, sys.argv[1:]))).decode())
