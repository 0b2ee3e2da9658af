"""Measure what the practice companion costs while somebody plays, relative to YAMNet.

Run it as: python -m benchmarks.practice_cost YAMNET [RECORDING] (default: the demo's medley)

Each round analyses the same sound with YAMNet, once for each 0.975 s, and with all analysers that
are on by default, in windows a hop apart. Rounds take turns; the median is printed.
"""

import os

# Before NumPy is imported.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from daemon.commands.demo.medley import MEDLEY
from daemon.hearing.classifier import load_network
from daemon.hearing.pipeline import Observation
from daemon.hearing.scorer import Heard
from daemon.hearing.tracker import EventStarted
from daemon.practice.companion import Companion
from daemon.practice.notes.built_in import configured_network
from daemon.sound.sound_file import read_sound
from daemon.sound.window import SAMPLE_RATE_HZ, Window, WindowBuffer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROUNDS = 10
HOPS_SECONDS = (1.0, 0.25)
YAMNET_SAMPLES = 15_600
SECONDS = 60


def main() -> None:
    """Print the cost in milliseconds of CPU for each second of sound, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("yamnet", type=Path, metavar="YAMNET", help="YAMNet as a .tflite file")
    parser.add_argument("recording", nargs="?", default=str(MEDLEY), metavar="RECORDING")
    options = parser.parse_args()
    samples = read_sound(options.recording)[: SECONDS * SAMPLE_RATE_HZ]
    peer = load_network(options.yamnet)
    works: dict[str, Callable[[], None]] = {"YAMNet": lambda: _run_peer(peer, samples)}
    for hop_seconds in HOPS_SECONDS:
        # The classifier needs the windows in any case.
        windows = [
            window._replace(samples=window.samples.copy())
            for window in WindowBuffer(hop_seconds).push(samples)
        ]
        works[f"companion, hop {hop_seconds:g} s"] = partial(_play, windows)
    spent: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            began = time.process_time()
            work()
            spent[name].append(1000 * (time.process_time() - began))
    yamnet = float(np.median(spent["YAMNet"]))
    seconds = len(samples) / SAMPLE_RATE_HZ
    for name, costs in spent.items():
        cost = float(np.median(costs))
        print(f"{name:<24}{cost / seconds:6.2f} ms/s {cost / yamnet:6.1f} x YAMNet")


def _run_peer(network: Any, samples: NDArray[np.float32]) -> None:
    entry = network.get_input_details()[0]["index"]
    for first in range(0, len(samples) - YAMNET_SAMPLES + 1, YAMNET_SAMPLES):
        network.set_tensor(entry, samples[first : first + YAMNET_SAMPLES])
        network.invoke()


def _play(windows: "Sequence[Window]") -> None:
    """Let a companion hear the windows, as if a family played from beginning to end."""
    companion = Companion(lambda: configured_network(None))
    playing = (EventStarted("guitar", 0.0, 4.0, 0.9),)
    scores = np.array([0.9], np.float32)
    for window in windows:
        heard = Heard(window.ended_at, -20.0, scores)
        companion.observe(Observation(window, heard, playing, ()))


if __name__ == "__main__":
    main()
