"""The files of one run, through which its stages pass on their results."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.system.files.whole_file import whole_file

SIDES = ("train", "held")
"""Windows for training, and windows of clips held out of it."""


class WindowArrays(NamedTuple):
    """The windows of one side, on disk."""

    patches: NDArray[np.float16]
    """Log-mel frames, (n, patches, frames, bands)."""
    labels: NDArray[np.uint8]
    """(n, families): 1 for families that play, 255 where it is not known."""


class TeacherOutputs(NamedTuple):
    """The teacher's outputs for the clean patches of one side, on disk."""

    embeddings: NDArray[np.float16]
    """(n, patches, 1024)."""
    classes: NDArray[np.float16]
    """Logits of the teacher's own classes, (n, patches, 521)."""


class RunFolder:
    """The paths of one run's files; each file exists once the stage that writes it has finished."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

        features = folder / "features"
        self.recipe = folder / "recipe.yaml"  # a copy of the recipe
        self.rendered = folder / "rendered"  # the corpus that the run has rendered
        self.begun = features / "begun.json"  # inputs of unfinished features
        self.skipped = features / "skipped.json"  # unreadable and silent clips
        self.sounds = features / "sounds"  # the decoded samples of all clips
        self.rooms = features / "rooms"  # room impulse responses of each side
        self.clips = features / "clips.json"  # the clips that are used, each with its side
        self.weights = features / "weights.json"  # how often each negative is drawn
        self.features = features / "features.json"  # the summary of finished features

        self.fitted = folder / "network.keras"  # the fitted network
        self.history = folder / "history.json"  # losses and metrics of each epoch
        self.environment = folder / "environment.json"  # versions of Python and packages
        self.backup = folder / "backup"  # the state of an interrupted training

        self.embedding = folder / "embedding.npz"  # the layer that computes the embedding
        self.genre = folder / "genre.npz"  # the layer that names the genre
        self.network = folder / "network.tflite"  # the quantized network
        self.acceptance = folder / "acceptance.json"  # how far quantizing moved the scores
        self.operating_points = folder / "thresholds.json"  # calibration and thresholds
        self.rehearsal = folder / "rehearsal.json"  # the result of the rehearsal
        self.model = folder / "model.tflite"  # the finished model file
        self.model_figures = (
            folder / "model.json"
        )  # the figures that are kept beside the model file

        self.evaluation = folder / "evaluation.json"  # the figures on the dev clips
        self.report = folder / "report.html"  # the page with the figures
        self.card = folder / "model-card.md"  # the model card
        self.ablations = folder / "ablations.yaml"  # variants that were tried
        self.dev_readings = folder / "dev-readings.yaml"  # measurements on the dev clips

    def patches(self, side: str) -> Path:
        """Return the path of one side's patches."""
        return self.folder / "features" / f"{side}-patches.npy"

    def labels(self, side: str) -> Path:
        """Return the path of one side's labels."""
        return self.folder / "features" / f"{side}-labels.npy"

    def done(self, side: str) -> Path:
        """Return the path of the flags of one side's blocks: 1 for those written."""
        return self.folder / "features" / f"{side}-done.npy"

    def clean_patches(self, side: str) -> Path:
        """Return the path of one side's patches without room, noise and microphone."""
        return self.folder / "features" / f"{side}-clean.npy"

    def teacher_output(self, side: str, name: str) -> Path:
        """Return the path of the teacher's `embeddings` or `classes` for one side."""
        return self.folder / "features" / f"{side}-{name}.npy"

    def teacher_outputs(self, side: str) -> TeacherOutputs:
        """Map one side's teacher outputs from disk. Raises InputError if they are missing."""
        paths = (
            self.needed(self.teacher_output(side, name), "features")
            for name in TeacherOutputs._fields
        )
        return TeacherOutputs(*(np.load(path, mmap_mode="r") for path in paths))

    def windows(self, side: str) -> WindowArrays:
        """Map one side's windows from disk. Raises InputError if they are missing."""
        return WindowArrays(
            np.load(self.needed(self.patches(side), "features"), mmap_mode="r"),
            np.load(self.needed(self.labels(side), "features")),
        )

    def needed(self, path: Path, stage: str) -> Path:
        """Return the path. Raises InputError naming the stage that writes it if it is missing."""
        if not path.exists():
            raise InputError(f"{path}: does not exist yet; run timbrel-build {stage} first")
        return path


def write_json(path: Path, document: Any) -> None:
    """Write indented JSON in one step, so that no partial file remains; create its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as fresh:
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


def reserve(path: Path, dtype: type[np.generic], shape: tuple[int, ...]) -> NDArray[Any]:
    """Create an array's file at its full size and map it.

    Raises OSError if the disk is full: otherwise a later write to the map would crash.
    """
    array = open_memmap(path, "w+", dtype, shape)
    array.flush()
    with path.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array
