"""Read a contract of any task from a model file, and verify the network's checksum.

It is a ZIP appended to the `.tflite`, like TFLite's own metadata, so that a model is one file.
"""

import hashlib
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from daemon.errors import InputError

CONTRACT_VERSION = 2
"""The version that is written; version 1, which has no named outputs, is still read."""
MEMBER = "contract.json"
"""The contract's name in the ZIP."""

_READ_VERSIONS = (1, CONTRACT_VERSION)
_BROKEN = (zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError, EOFError, ValueError, zlib.error)
_LARGEST_CONTRACT_BYTES = 1_000_000
_REMEDY = "use a model made by timbrel-build, or leave the setting out for the built-in one"


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
            if archive.getinfo(MEMBER).file_size > _LARGEST_CONTRACT_BYTES:
                raise InputError(f"model file {path}: its contract is too large; {_REMEDY}")
            tflite_size = min(info.header_offset for info in archive.infolist())
            return archive.read(MEMBER), tflite_size
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
