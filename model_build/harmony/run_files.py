"""The files of one run of the harmoniser, which let an interrupted run continue."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.system.files.whole_file import whole_file
from model_build.harmony.chorales.chorale_sets import Chorale


class HarmonyFolder:
    """The paths of a run's files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.music21 = folder / "music21.npz"  # the chorales of music21
        self.model = folder / "harmony.tflite"  # the finished model file
        self.figures = folder / "figures.json"  # the figures on valid and test

    def fitted(self, sha256: str) -> Path:
        """Return the path of the network's weights for the hash of what decides them."""
        return self.folder / f"network-{sha256[:16]}.npz"

    def baseline(self, sha256: str) -> Path:
        """Return the path of the baseline's parameters for the hash of what decides them."""
        return self.folder / f"baseline-{sha256[:16]}.npz"


def kept_arrays(path: Path, make: Callable[[], Sequence[NDArray[Any]]]) -> list[NDArray[Any]]:
    """Return the arrays in a file; if it does not exist, make and write them."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays = {f"{index:04d}": array for index, array in enumerate(make())}
        with whole_file(path) as fresh:
            np.savez_compressed(fresh, **arrays)  # type: ignore[arg-type]
    with np.load(path) as file:
        return [file[name] for name in sorted(file.files)]


def chorales_of(arrays: Sequence[NDArray[Any]]) -> list[Chorale]:
    """Return stored chorales with the type that all chorales have."""
    return [array.astype(np.int64) for array in arrays]
