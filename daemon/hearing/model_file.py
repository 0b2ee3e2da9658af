"""The contract in a model file: the network's inputs, and the meaning of its outputs.

It is a ZIP appended to the `.tflite`, like TFLite's own metadata, so that a model is one file.
"""

import hashlib
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, BinaryIO, Final, Literal, TypeVar

import msgspec
from msgspec import Meta

from daemon.errors import InputError
from daemon.hearing.log_mel import FrontEnd
from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SAMPLES

CONTRACT_VERSION = 2
"""The version that is written; version 1, which has no named outputs, is still read."""
TASK: Final = "families"
"""The only task of a network that this version of Timbrel supports."""
FAMILIES, EMBEDDING, GENRE = "families", "embedding", "genre"
"""The outputs that a network can have."""

_READ_VERSIONS = (1, CONTRACT_VERSION)
_MEMBER = "contract.json"
_BROKEN = (zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError, EOFError, ValueError, zlib.error)
_LARGEST_CONTRACT_BYTES = 1_000_000
_MOST_PATCHES = 400
_MOST_EMBEDDING_VALUES = 4096
_REMEDY = "use a model made by timbrel-build, or leave the setting out for the built-in one"

FamilyName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_]*\Z",
        max_length=32,
        description="small letters, digits and _ only, a letter first",
    ),
]
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
    pooling: Literal["mean"]
    """How the logits of a window's patches are combined."""
    families: Annotated[tuple[FamilyName, ...], Meta(min_length=1)]
    """The families of the logits in the output `families`, in order."""
    calibration: tuple[Calibration, ...]
    """Calibration of each family, in the order of `families`."""
    thresholds: tuple[UnitInterval, ...]
    """Threshold of each family, in the order of `families`, between 0 and 1."""
    provenance: Provenance
    """The origin of the model, and its figures."""
    task: Literal["families"] | None = None
    """What the network recognizes."""
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

    def __post_init__(self) -> None:
        self._check_outputs()
        if len(set(self.families)) != len(self.families):
            raise ValueError("a family is named twice")
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
        if named and FAMILIES not in outputs:
            raise ValueError(f"outputs: {FAMILIES} is missing")
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

    @property
    def title(self) -> str:
        """Name and version, as shown in events and diagnostics."""
        return f"{self.name} {self.version}"


class _Version(msgspec.Struct):
    """The field that tells what the others mean; they may have other types in later versions."""

    contract_version: int


class ContractHead(msgspec.Struct):
    """The fields that tell what a contract of a known version needs."""

    contract_version: int
    """Version of the format."""
    task: str | None = None
    """What the network recognizes; None in version 1."""
    outputs: dict[str, str] | None = None
    """The network's outputs; None in version 1."""
    tflite_sha256: str = ""
    """Hash of the network's bytes."""


AnyContract = TypeVar("AnyContract", bound=msgspec.Struct)


def sha256_of(path: Path, size: int | None = None) -> str:
    """Return the SHA-256 of the first `size` bytes of a file, by default of all, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        left = path.stat().st_size if size is None else size
        while block := file.read(min(left, 1 << 20)):
            digest.update(block)
            left -= len(block)
    return digest.hexdigest()


def write_contract(path: Path, contract: msgspec.Struct) -> None:
    """Append a contract of any task, with the network's checksum, to a bare `.tflite`.

    Its field `tflite_sha256` is filled in. Raises ValueError if the file already ends with a ZIP.
    """
    if zipfile.is_zipfile(path):
        raise ValueError(f"{path} already has a contract")
    contract = msgspec.structs.replace(contract, tflite_sha256=sha256_of(path))
    document = msgspec.json.format(msgspec.json.encode(contract), indent=2)
    # The date is fixed, so that the same model always has the same bytes.
    member = zipfile.ZipInfo(_MEMBER, date_time=(1980, 1, 1, 0, 0, 0))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, document, zipfile.ZIP_DEFLATED)


def read_contract(path: Path) -> Contract:
    """Read and validate the contract of a model of families, and verify the network's checksum.

    Raises InputError as `read_contract_as` does.
    """
    return read_contract_as(path, Contract, _unsupported)


def read_contract_as(
    path: Path, contract_type: type[AnyContract], unsupported: Callable[[ContractHead], str]
) -> AnyContract:
    """Read and validate a contract of one task, and verify the network's checksum.

    `unsupported` returns what the caller lacks for such a contract, or an empty string. Raises
    InputError if the file cannot be read, is not a TFLite model, was cut or changed, or has no
    contract or an unsupported one.
    """
    try:
        with path.open("rb") as file:
            document, tflite_size = _find_contract(path, file)
    except FileNotFoundError:
        raise InputError(f"model file {path}: not found; {_REMEDY}") from None
    except OSError as error:
        raise InputError(f"model file {path}: {error.strerror}; {_REMEDY}") from None
    head, contract = _parse(path, document, contract_type, unsupported)
    if sha256_of(path, tflite_size) != head.tflite_sha256:
        raise InputError(
            f"model file {path}: damaged, its checksum does not match; copy or download it again"
        )
    return contract


def _find_contract(path: Path, file: BinaryIO) -> tuple[bytes, int]:
    """Return the contract's JSON, and the size of the network before the ZIP."""
    if file.read(8)[4:] != b"TFL3":
        raise InputError(f"model file {path}: not a TFLite model; {_REMEDY}")
    try:
        with zipfile.ZipFile(file) as archive:
            if archive.getinfo(_MEMBER).file_size > _LARGEST_CONTRACT_BYTES:
                raise InputError(f"model file {path}: its contract is too large; {_REMEDY}")
            tflite_size = min(info.header_offset for info in archive.infolist())
            return archive.read(_MEMBER), tflite_size
    except KeyError:
        raise InputError(f"model file {path}: has no contract; {_REMEDY}") from None
    except _BROKEN:
        raise InputError(
            f"model file {path}: has no contract, or was cut short; {_REMEDY}"
        ) from None


def _parse(
    path: Path,
    document: bytes,
    contract_type: type[AnyContract],
    unsupported: Callable[[ContractHead], str],
) -> tuple[ContractHead, AnyContract]:
    try:
        version = msgspec.json.decode(document, type=_Version).contract_version
        head = None
        reason = unread_version(version)
        if not reason:
            head = msgspec.json.decode(document, type=ContractHead)
            reason = unsupported(head)
        if head is None or reason:
            raise InputError(
                f"model file {path}: {reason}; "
                "install the Timbrel that made it or build the model again"
            )
        return head, msgspec.json.decode(document, type=contract_type)
    except msgspec.MsgspecError as error:
        raise InputError(f"model file {path}: its contract is wrong: {error}; {_REMEDY}") from None


def unread_version(version: int, read: tuple[int, ...] = _READ_VERSIONS) -> str:
    """Return why a contract's version cannot be read; an empty string if it can."""
    if version in read:
        return ""
    versions = " and ".join(map(str, read))
    return f"contract version {version}, but this Timbrel reads {versions}"


def _unsupported(head: ContractHead) -> str:
    """Return what a contract needs that this version lacks; an empty string if nothing."""
    if head.task not in {None, TASK}:
        return f"its task is {head.task!r}, but this Timbrel knows only {TASK}"
    known = (FAMILIES, EMBEDDING, GENRE)
    unknown = sorted(set(head.outputs or ()) - set(known))
    if unknown:
        names = "output" + "s" * (len(unknown) > 1) + " " + ", ".join(map(repr, unknown))
        return f"it has the {names}, but this Timbrel knows only {', '.join(known)}"
    return ""
