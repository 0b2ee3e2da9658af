"""The contract in a model file: the network's inputs, and the meaning of its outputs.

It is a ZIP appended to the `.tflite`, like TFLite's own metadata, so that a model is one file.
"""

import zipfile
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from daemon.hearing.contract.labels import FamilyName, Label, label_fault
from daemon.hearing.contract.reading import (
    MEMBER,
    ContractHead,
    read_contract_as,
    sha256_of,
)
from daemon.hearing.log_mel import FrontEnd
from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SAMPLES

TASK: Final = "families"
"""The task of a network that recognizes families of instruments."""
CLASSES_TASK: Final = "classes"
"""The task of a network of the lab, which recognizes any labels."""
FAMILIES, CLASSES, EMBEDDING, GENRE = "families", "classes", "embedding", "genre"
"""The outputs that a network can have."""

_MOST_PATCHES = 400
_MOST_EMBEDDING_VALUES = 4096

UnitInterval = Annotated[float, Meta(gt=0, lt=1)]


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calibration of a family: score = sigmoid(logit / temperature + offset).

    It is strictly increasing, so the order of scores does not change.
    """

    # Wide enough for any network; beyond these bounds float32 scores are not numbers.
    temperature: Annotated[float, Meta(ge=1e-3, le=1e3)] = 1.0
    """Divisor of the logit, 0.001..1000."""
    offset: Annotated[float, Meta(ge=-1e3, le=1e3)] = 0.0
    """Added to the divided logit, -1000..1000."""


class Provenance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The origin and the figures of a model."""

    recipe_sha256: str
    """Hash of the recipe's settings."""
    corpus_sha256: str
    """Hash of the corpus' manifest."""
    seed: int
    """The recipe's seed."""
    metrics: dict[str, float]
    """Figures on the dev clips by name; empty if the model was not evaluated."""
    base: str = ""
    """The network that training started from; empty if it started from scratch."""
    base_licence: str = ""
    """Licence of `base`."""


class Contract(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Everything that the daemon needs for running a network.

    In version 1, `task` and `outputs` are None: the only output of the network is the families'.
    """

    contract_version: int
    """Version of this format."""
    tflite_sha256: str
    """Hash of the network's bytes."""
    name: str
    """Name of the model."""
    version: str
    """Version of the model."""
    front_end: FrontEnd
    """How log-mel frames are computed."""
    patch_frames: Annotated[int, Meta(ge=1)]
    """Frames in a patch, the input of the network."""
    patch_starts: Annotated[
        tuple[Annotated[int, Meta(ge=0)], ...], Meta(min_length=1, max_length=_MOST_PATCHES)
    ]
    """First frame of each patch of a window."""
    pooling: Literal["mean", "max"]
    """How a window's patches are combined: the mean of the logits of families; for classes, the
    mean or the maximum of the scores of patches that are about as loud as the loudest one."""
    families: Annotated[tuple[Label, ...], Meta(min_length=1)]
    """The families, or for the task `classes` the labels, of the network's logits, in order."""
    calibration: tuple[Calibration, ...]
    """Calibration of each family, in the order of `families`."""
    thresholds: tuple[UnitInterval, ...]
    """Threshold of each family, in the order of `families`, between 0 and 1."""
    provenance: Provenance
    """The origin of the model, and its figures."""
    task: Literal["families", "classes"] | None = None
    """What the network recognizes; its logits are the output of the same name."""
    outputs: dict[str, str] | None = None
    """The name of each output in the network's signature, by its name here."""
    embedding_id: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")] | None = None
    """Identifies what the embedding's values mean; None without an embedding.

    Embeddings can be compared only if their models have the same id.
    """
    embedding_values: Annotated[int, Meta(ge=1, le=_MOST_EMBEDDING_VALUES)] | None = None
    """Length of the embedding; None without an embedding."""
    genres: Annotated[tuple[FamilyName, ...], Meta(min_length=2)] | None = None
    """The genres of the logits in the output `genre`, in order; None without that output."""
    activation: Literal["sigmoid", "softmax"] = "sigmoid"
    """How logits become scores before the calibration; `softmax` only for classes."""

    def __post_init__(self) -> None:
        self._check_outputs()
        if len(set(self.families)) != len(self.families):
            raise ValueError(f"a {self.noun} is named twice")
        if fault := next(filter(None, map(self._label_fault, self.families)), ""):
            raise ValueError(fault)
        if not self.has_classes and (self.activation, self.pooling) != ("sigmoid", "mean"):
            raise ValueError("activation softmax and pooling max belong to the task classes")
        if self.activation == "softmax" and len(self.families) == 1:
            raise ValueError("activation softmax needs two classes or more")
        if not len(self.families) == len(self.calibration) == len(self.thresholds):
            raise ValueError("families, calibration and thresholds differ in length")
        if self.front_end.sample_rate_hz != SAMPLE_RATE_HZ:
            raise ValueError(f"front_end.sample_rate_hz must be {SAMPLE_RATE_HZ}")
        frames = self.front_end.frames_in(WINDOW_SAMPLES)
        if max(self.patch_starts) + self.patch_frames > frames:
            raise ValueError(f"a patch ends after the {frames} frames of a window")

    def _check_outputs(self) -> None:
        named = self.contract_version != 1
        if named != (self.outputs is not None) or named != (self.task is not None):
            raise ValueError("task and outputs belong to contract version 2, which needs both")
        outputs = self.outputs or {}
        if named and self.scored not in outputs:
            raise ValueError(f"outputs: {self.scored} is missing")
        if len(set(outputs.values())) != len(outputs):
            raise ValueError("outputs: an output of the network is named twice")
        described = self.embedding_id is not None, self.embedding_values is not None
        if described != (EMBEDDING in outputs,) * 2:
            raise ValueError(
                "the output embedding, embedding_id and embedding_values need each other"
            )
        if (self.genres is not None) != (GENRE in outputs):
            raise ValueError("the output genre and genres need each other")
        if len(set(self.genres or ())) != len(self.genres or ()):
            raise ValueError("a genre is named twice")

    def _label_fault(self, label: str) -> str:
        return label_fault(label, is_family=not self.has_classes)

    @property
    def title(self) -> str:
        """Name and version, as shown in events and diagnostics."""
        return f"{self.name} {self.version}"

    @property
    def has_classes(self) -> bool:
        """True for a model of the lab, whose labels are any text."""
        return self.task == CLASSES_TASK

    @property
    def noun(self) -> str:
        """What messages to people call one of `families`."""
        return "class" if self.has_classes else "family"

    @property
    def scored(self) -> str:
        """The output with the logits of `families`."""
        return CLASSES if self.has_classes else FAMILIES


def write_contract(path: Path, contract: msgspec.Struct) -> None:
    """Append a contract of any task, with the network's checksum, to a bare `.tflite`.

    Its field `tflite_sha256` is filled in. Raises ValueError if the file already ends with a ZIP.
    """
    if zipfile.is_zipfile(path):
        raise ValueError(f"{path} already has a contract")
    contract = msgspec.structs.replace(contract, tflite_sha256=sha256_of(path))
    document = msgspec.json.format(msgspec.json.encode(contract), indent=2)
    # The date is fixed, so that the same model always has the same bytes.
    member = zipfile.ZipInfo(MEMBER, date_time=(1980, 1, 1, 0, 0, 0))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, document, zipfile.ZIP_DEFLATED)


def read_contract(path: Path) -> Contract:
    """Read and validate the contract of a model of families, and verify the network's checksum.

    Raises InputError as `read_contract_as` does.
    """
    return read_contract_as(path, Contract, _unsupported)


def _unsupported(head: ContractHead) -> str:
    """Return what a contract needs that this version lacks; an empty string if nothing."""
    if head.task not in {None, TASK, CLASSES_TASK}:
        return f"its task is {head.task!r}, but this Timbrel knows only {TASK} and {CLASSES_TASK}"
    scored = CLASSES if head.task == CLASSES_TASK else FAMILIES
    known = (scored, EMBEDDING, GENRE)
    unknown = sorted(set(head.outputs or ()) - set(known))
    if unknown:
        names = "output" + "s" * (len(unknown) > 1) + " " + ", ".join(map(repr, unknown))
        return f"it has the {names}, but this Timbrel knows only {', '.join(known)}"
    return ""
