"""The harmoniser's model file: a `.tflite` with a ZIP appended that holds `contract.json`."""

import hashlib
import zipfile
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from daemon.errors import InputError
from daemon.practice.harmoniser.correction import Correction
from daemon.practice.harmoniser.melody_key import KeyTables
from daemon.practice.harmoniser.next_chord import ChordTable

BUILT_IN_HARMONY_MODEL: Final = Path(__file__).parent / "models" / "harmony.tflite"
CONTRACT_VERSION: Final = 1

_MEMBER = "contract.json"
_REMEDY = "install Timbrel again, or build the model with timbrel-build harmony"


class HarmonyProvenance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The origin and the figures of a model."""

    recipe_sha256: str
    """Hash of the recipe's settings."""
    seed: int
    """The recipe's seed."""
    trained_on: dict[str, int]
    """Number of chorales by their source."""
    metrics: dict[str, float]
    """Figures on the test chorales by name."""


class HarmonyContract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything besides the network that the harmoniser has learned."""

    contract_version: Literal[1]
    """Version of this format."""
    task: Literal["harmony"]
    """What the network computes."""
    tflite_sha256: str
    """Hash of the network's bytes."""
    name: str
    """Name of the model."""
    version: str
    """Version of the model."""
    correction: Correction
    """The correction of the network's scores."""
    key_tables: KeyTables
    """For finding the key of a melody."""
    chord_tables: Annotated[list[ChordTable], Meta(min_length=2, max_length=2)]
    """Transitions between chords in major and minor keys."""
    provenance: HarmonyProvenance
    """The origin of the model."""


def write_harmony_model(path: Path, network: bytes, contract: HarmonyContract) -> None:
    """Write the network and its contract to one file; the checksum is computed here."""
    digest = hashlib.sha256(network).hexdigest()
    document = msgspec.json.encode(msgspec.structs.replace(contract, tflite_sha256=digest))
    path.write_bytes(network)
    # The date is fixed, so that the same model always has the same bytes.
    member = zipfile.ZipInfo(_MEMBER, date_time=(1980, 1, 1, 0, 0, 0))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, document, zipfile.ZIP_DEFLATED)


def read_harmony_model(path: Path = BUILT_IN_HARMONY_MODEL) -> tuple[bytes, HarmonyContract]:
    """Return the bytes of the network, and its contract.

    Raises InputError if the file is missing, damaged or of another version.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = min(info.header_offset for info in archive.infolist())
            document = archive.read(_MEMBER)
        contract = msgspec.json.decode(document, type=HarmonyContract)
        network = path.read_bytes()[:size]
    except FileNotFoundError:
        raise InputError(f"model file {path}: not found; {_REMEDY}") from None
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, msgspec.MsgspecError) as error:
        raise InputError(f"model file {path}: cannot be read ({error}); {_REMEDY}") from None
    if hashlib.sha256(network).hexdigest() != contract.tflite_sha256:
        raise InputError(f"model file {path}: damaged, its checksum does not match; {_REMEDY}")
    return network, contract
