"""Measure detectors of small loudspeakers: `python -m benchmarks.loudspeaker CORPUS OUTPUT`.

They are cross-validated over players of the training clips, once with all types of device in the
fit, and once without the type that is measured. `--dev NAME` measures one detector on the dev
clips instead; this is a reading of dev, to be entered in docs/dev-readings.yaml. OUTPUT keeps the
statistics of the sounds, which take five minutes.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.loudspeaker.collection import collect
from benchmarks.loudspeaker.detectors import DETECTORS, cross_validated, measured


def main() -> None:
    """Print the mean AUC over types of device, and that of each type, of each detector."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--dev", choices=DETECTORS)
    arguments = parser.parse_args()
    train = collect(arguments.corpus, "train", arguments.output)
    dev = collect(arguments.corpus, "dev", arguments.output) if arguments.dev else None
    for name in [arguments.dev] if arguments.dev else DETECTORS:
        for unseen in (True, False):
            if dev is not None:
                figures = measured(name, train, dev, unseen=unseen)
            else:
                figures = cross_validated(name, train, unseen=unseen)
            print(f"{name}, {'unseen' if unseen else 'seen'} types of device")
            print(f"   4 s: {_line(figures.window)}")
            print(f"  16 s: {_line(figures.event)}", flush=True)


def _line(figures: Mapping[str, float]) -> str:
    each = ", ".join(f"{device} {auc:.2f}" for device, auc in figures.items())
    return f"mean {np.mean(list(figures.values())):.3f} ({each})"


if __name__ == "__main__":
    main()
