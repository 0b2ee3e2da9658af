"""Compute features until a recording is reached, and be killed: FOLDER OUTPUT NUMBER."""

import os
import signal
import sys
from pathlib import Path

from model_build.corpus.formats.labelled import Example
from model_build.lab.data.sound import Samples, read_example
from model_build.lab.experiment import FrontEndSettings
from model_build.lab.features import store

SETTINGS = FrontEndSettings(chunk_seconds=0.1, bands=16)


def examples_in(folder: Path) -> list[Example]:
    """Return the recordings 0.wav, 1.wav, … of a folder."""
    files = sorted(folder.glob("*.wav"), key=lambda file: int(file.stem))
    return [Example(name=file.name, file=str(file), labels=("a",)) for file in files]


def main(folder: Path, output: Path, last: str) -> None:
    """Compute the features of a folder in another one."""

    def read(example: Example, rate_hz: int) -> Samples:
        if example.name == f"{last}.wav":
            os.kill(os.getpid(), signal.SIGKILL)
        return read_example(example, rate_hz)

    vars(store)["read_example"] = read
    store.make_features(examples_in(folder), SETTINGS, output, workers=1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
