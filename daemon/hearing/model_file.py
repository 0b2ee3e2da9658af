"""The contract inside a model file: what the network needs to hear and what its outputs mean.

It is a ZIP appended to the `.tflite`, as TFLite's own metadata is, so that one file says it all.
"""

import hashlib
import zipfile
import zlib
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

import msgspec
from msgspec import Meta

from daemon.errors import InputError
from daemon.hearing.log_mel import FrontEnd
from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SAMPLES

CONTRACT_VERSION = 1
_MEMBER = "contract.json"
_LARGEST_CONTRACT_BYTES = 1_000_000
_MOST_PATCHES = 400
_REMEDY = "use a model made by timbrel-build, or leave model.file out for the built-in one"

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
    """score = sigmoid(logit / temperature + offset): strictly monotone, so that ranks survive."""

    # Wide enough for any network; beyond, float32 scores are no numbers any more.
    temperature: Annotated[float, Meta(ge=1e-3, le=1e3)] = 1.0
    offset: Annotated[float, Meta(ge=-1e3, le=1e3)] = 0.0


class Provenance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a model comes from: enough to make it again and to judge it."""

    recipe_sha256: str
    corpus_sha256: str
    seed: int
    metrics: dict[str, float]
    base: str = ""
    base_licence: str = ""


class Contract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the daemon must know of a model; lists by family follow the order of `families`."""

    contract_version: int
    tflite_sha256: str
    name: str
    version: str
    front_end: FrontEnd
    patch_frames: Annotated[int, Meta(ge=1)]
    patch_starts: Annotated[
        tuple[Annotated[int, Meta(ge=0)], ...], Meta(min_length=1, max_length=_MOST_PATCHES)
    ]
    pooling: Literal["mean"]
    families: Annotated[tuple[FamilyName, ...], Meta(min_length=1)]
    calibration: tuple[Calibration, ...]
    thresholds: tuple[UnitInterval, ...]
    provenance: Provenance

    def __post_init__(self) -> None:
        if len(set(self.families)) != len(self.families):
            raise ValueError("a family is named twice")
        if not len(self.families) == len(self.calibration) == len(self.thresholds):
            raise ValueError("families, calibration and thresholds differ in length")
        if self.front_end.sample_rate_hz != SAMPLE_RATE_HZ:
            raise ValueError(f"front_end.sample_rate_hz must be {SAMPLE_RATE_HZ}")
        frames = self.front_end.frames_in(WINDOW_SAMPLES)
        if max(self.patch_starts) + self.patch_frames > frames:
            raise ValueError(f"a patch ends after the {frames} frames of a window")

    @property
    def title(self) -> str:
        """Name and version as events and diagnostics show them."""
        return f"{self.name} {self.version}"


class _Version(msgspec.Struct):
    contract_version: int


def sha256_of(path: Path, size: int | None = None) -> str:
    """SHA-256 of a file's first `size` bytes, or of all, as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        left = path.stat().st_size if size is None else size
        while block := file.read(min(left, 1 << 20)):
            digest.update(block)
            left -= len(block)
    return digest.hexdigest()


def write_contract(path: Path, contract: Contract) -> None:
    """Append the contract to a bare `.tflite`; its checksum is filled in here.

    Raises ValueError where the file already ends in a ZIP.
    """
    if zipfile.is_zipfile(path):
        raise ValueError(f"{path} already carries a contract")
    contract = msgspec.structs.replace(contract, tflite_sha256=sha256_of(path))
    document = msgspec.json.format(msgspec.json.encode(contract), indent=2)
    # A fixed date, so that the same model is the same bytes.
    member = zipfile.ZipInfo(_MEMBER, date_time=(1980, 1, 1, 0, 0, 0))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, document, zipfile.ZIP_DEFLATED)


def read_contract(path: Path) -> Contract:
    """Read and check the contract; the network's bytes are compared with its checksum.

    Raises InputError with the reason when the file cannot be read, is no TFLite model, was cut or
    changed, carries no contract, or one of another version.
    """
    try:
        with path.open("rb") as file:
            document, tflite_size = _find_contract(path, file)
    except FileNotFoundError:
        raise InputError(f"model file {path}: not found; {_REMEDY}") from None
    except OSError as error:
        raise InputError(f"model file {path}: {error.strerror}; {_REMEDY}") from None
    contract = _parse(path, document)
    if sha256_of(path, tflite_size) != contract.tflite_sha256:
        raise InputError(
            f"model file {path}: damaged, its checksum does not match; copy or download it again"
        )
    return contract


def _find_contract(path: Path, file: BinaryIO) -> tuple[bytes, int]:
    """The contract's JSON, and how many bytes of network stand before the ZIP."""
    if file.read(8)[4:] != b"TFL3":
        raise InputError(f"model file {path}: not a TFLite model; {_REMEDY}")
    try:
        with zipfile.ZipFile(file) as archive:
            if archive.getinfo(_MEMBER).file_size > _LARGEST_CONTRACT_BYTES:
                raise InputError(f"model file {path}: its contract is too large; {_REMEDY}")
            tflite_size = min(info.header_offset for info in archive.infolist())
            return archive.read(_MEMBER), tflite_size
    except KeyError:
        raise InputError(f"model file {path}: carries no contract; {_REMEDY}") from None
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        ValueError,
        zlib.error,
    ):
        raise InputError(
            f"model file {path}: carries no contract, or was cut short; {_REMEDY}"
        ) from None


def _parse(path: Path, document: bytes) -> Contract:
    try:
        version = msgspec.json.decode(document, type=_Version).contract_version
        if version != CONTRACT_VERSION:
            raise InputError(
                f"model file {path}: contract version {version}, but this Timbrel reads "
                f"{CONTRACT_VERSION}; install the Timbrel that made it or build the model again"
            )
        return msgspec.json.decode(document, type=Contract)
    except msgspec.MsgspecError as error:
        raise InputError(f"model file {path}: its contract is wrong: {error}; {_REMEDY}") from None
