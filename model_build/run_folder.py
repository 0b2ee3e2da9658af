"""Where the stages of one run leave what they made, for the next stage and for people."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.system.whole_file import whole_file

SIDES = ("train", "held")


class Windows(NamedTuple):
    """One side's windows: patches (n, patches, frames, bands) and labels (n, families), on disk."""

    patches: NDArray[np.float16]
    labels: NDArray[np.uint8]


class Lessons(NamedTuple):
    """What the teacher says of one side's clean patches, on disk.

    `embeddings` are (n, patches, 1024), `classes` logits (n, patches, 521).
    """

    embeddings: NDArray[np.float16]
    classes: NDArray[np.float16]


class RunFolder:
    """The files of one run; every path exists once the stage that makes it has ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.recipe = folder / "recipe.yaml"
        self.rendered = folder / "rendered"
        self.begun = folder / "features" / "begun.json"
        self.skipped = folder / "features" / "skipped.json"
        self.sounds = folder / "features" / "sounds"
        self.rooms = folder / "features" / "rooms"
        self.clips = folder / "features" / "clips.json"
        self.features = folder / "features" / "features.json"
        self.fitted = folder / "network.keras"
        self.history = folder / "history.json"
        self.environment = folder / "environment.json"
        self.backup = folder / "backup"
        self.network = folder / "network.tflite"
        self.acceptance = folder / "acceptance.json"
        self.operating_points = folder / "thresholds.json"
        self.rehearsal = folder / "rehearsal.json"
        self.model = folder / "model.tflite"
        self.model_figures = folder / "model.json"
        self.evaluation = folder / "evaluation.json"
        self.report = folder / "report.html"
        self.card = folder / "model-card.md"
        self.ablations = folder / "ablations.yaml"
        self.dev_readings = folder / "dev-readings.yaml"

    def patches(self, side: str) -> Path:
        """The patches of one side's windows."""
        return self.folder / "features" / f"{side}-patches.npy"

    def labels(self, side: str) -> Path:
        """The labels of one side's windows."""
        return self.folder / "features" / f"{side}-labels.npy"

    def done(self, side: str) -> Path:
        """Which blocks of one side's windows are written."""
        return self.folder / "features" / f"{side}-done.npy"

    def clean_patches(self, side: str) -> Path:
        """The patches of one side's windows without room, noise and microphone."""
        return self.folder / "features" / f"{side}-clean.npy"

    def lesson(self, side: str, what: str) -> Path:
        """The teacher's `embeddings` or `classes` of one side's windows."""
        return self.folder / "features" / f"{side}-{what}.npy"

    def lessons(self, side: str) -> Lessons:
        """One side's lessons, mapped from disk."""
        paths = (self.needed(self.lesson(side, what), "features") for what in Lessons._fields)
        return Lessons(*(np.load(path, mmap_mode="r") for path in paths))

    def windows(self, side: str) -> Windows:
        """One side's windows, mapped from disk."""
        return Windows(
            np.load(self.needed(self.patches(side), "features"), mmap_mode="r"),
            np.load(self.needed(self.labels(side), "features")),
        )

    def needed(self, path: Path, stage: str) -> Path:
        """The path, once made; raises InputError naming the stage that makes it."""
        if not path.exists():
            raise InputError(f"{path}: not there yet; run timbrel-build {stage} first")
        return path


def write_json(path: Path, document: Any) -> None:
    """Write readable JSON, whole or not at all; the folder is made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as fresh:
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


def reserve(path: Path, dtype: type[np.generic], shape: tuple[int, ...]) -> NDArray[Any]:
    """Make an array's file at its full size; a full disk is an error here, not a crash later."""
    array = open_memmap(path, "w+", dtype, shape)
    array.flush()
    with path.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array
