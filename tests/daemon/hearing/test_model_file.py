"""The contract in a model file: written, read and validated."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.errors import InputError
from daemon.hearing.classifier import load_classifier
from daemon.hearing.contract.reading import sha256_of
from daemon.hearing.log_mel import FrontEnd
from daemon.hearing.model_file import (
    Calibration,
    Contract,
    read_contract,
    write_contract,
)
from tests.daemon.conftest import MakeModel

# SHA-256 of "abc", from the standard that defines it.
SHA256_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def refusal(path: Path) -> str:
    """Return the message of the InputError raised on reading; it starts with the file's path."""
    with pytest.raises(InputError) as caught:
        read_contract(path)
    message = str(caught.value)
    assert message.startswith(f"model file {path}: ")
    assert "None" not in message
    return message


def append_zip(path: Path, bare: Path, document: bytes, member: str = "contract.json") -> Path:
    """Return a network with this ZIP appended."""
    shutil.copy(bare, path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, document)
    return path


@pytest.fixture
def altered(tmp_path: Path, bare_tflite: Path, model: Path) -> Callable[..., Path]:
    """Returns a model whose contract has a valid checksum and changed JSON fields."""

    def alter(**changes: Any) -> Path:
        document = msgspec.to_builtins(read_contract(model)) | changes
        document = {key: value for key, value in document.items() if value is not ...}
        return append_zip(tmp_path / "altered.tflite", bare_tflite, json.dumps(document).encode())

    return alter


def test_reads_the_contract_that_was_written(
    model: Path, bare_tflite: Path, contract: Contract
) -> None:
    found = read_contract(model)
    assert found == msgspec.structs.replace(contract, tflite_sha256=sha256_of(bare_tflite))
    assert found.title == "tiny 1"
    assert found.front_end == FrontEnd()
    assert found.calibration[1] == Calibration(0.5, -0.25)


def test_network_before_the_contract_is_unchanged(model: Path, bare_tflite: Path) -> None:
    network = bare_tflite.read_bytes()
    assert model.read_bytes()[: len(network)] == network
    with zipfile.ZipFile(model) as archive:
        assert archive.namelist() == ["contract.json"]
        assert json.loads(archive.read("contract.json"))["families"] == ["flute", "guitar", "organ"]


def test_same_contract_gives_same_bytes(make_model: MakeModel) -> None:
    one, other = make_model(), make_model()
    assert one != other
    assert one.read_bytes() == other.read_bytes()


def test_rejects_a_second_contract(model: Path, contract: Contract) -> None:
    before = model.read_bytes()
    with pytest.raises(ValueError, match=r"tiny\.tflite already has a contract"):
        write_contract(model, contract)
    assert model.read_bytes() == before


def test_checksum_covers_the_first_bytes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abcdef")
    assert sha256_of(path, 3) == SHA256_OF_ABC
    path.write_bytes(b"abc")
    assert sha256_of(path) == SHA256_OF_ABC


def test_checksum_covers_several_blocks(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a" * 3_000_000)
    whole = sha256_of(path)
    path.write_bytes(b"a" * 3_000_000 + b"b")
    assert sha256_of(path, 3_000_000) == whole != sha256_of(path)


def test_rejects_missing_file(tmp_path: Path) -> None:
    assert "not found; use a model made by timbrel-build" in refusal(tmp_path / "absent.tflite")


def test_rejects_folder(tmp_path: Path) -> None:
    assert "Is a directory" in refusal(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"x", b"TFL3", b"This is a text, no model.\n" * 9, bytes(5_000)]
)
def test_rejects_file_that_is_not_a_network(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    assert "not a TFLite model" in refusal(path)


def test_rejects_zip_without_network(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("contract.json", "{}")
    assert "not a TFLite model" in refusal(path)


def test_rejects_network_without_contract(bare_tflite: Path) -> None:
    assert "has no contract" in refusal(bare_tflite)


def test_rejects_network_with_another_zip(tmp_path: Path, bare_tflite: Path) -> None:
    path = append_zip(tmp_path / "model.tflite", bare_tflite, b"flute\n", member="labels.txt")
    assert "has no contract" in refusal(path)


def test_rejects_contract_of_megabytes(tmp_path: Path, bare_tflite: Path) -> None:
    path = append_zip(tmp_path / "model.tflite", bare_tflite, b" " * 1_000_001)
    assert "too large" in refusal(path)


@settings(max_examples=80)
@given(share=st.floats(0, 1, exclude_max=True))
def test_rejects_file_that_was_cut_anywhere(
    share: float, model: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = model.read_bytes()
    path = tmp_path_factory.mktemp("cut") / "model.tflite"
    path.write_bytes(whole[: int(share * len(whole))])
    refusal(path)


@settings(max_examples=80)
@given(position=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_rejects_network_with_a_flipped_bit(
    position: float,
    bit: int,
    model: Path,
    bare_tflite: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    content = bytearray(model.read_bytes())
    content[int(position * bare_tflite.stat().st_size)] ^= 1 << bit
    path = tmp_path_factory.mktemp("flip") / "model.tflite"
    path.write_bytes(content)
    assert "damaged, its checksum does not match" in refusal(path) or content[4:8] != b"TFL3"


@settings(max_examples=200)
@given(position=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_flipped_bit_in_contract_is_rejected_or_harmless(
    position: float,
    bit: int,
    model: Path,
    bare_tflite: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    content = bytearray(model.read_bytes())
    network = bare_tflite.stat().st_size
    content[network + int(position * (len(content) - network))] ^= 1 << bit
    path = tmp_path_factory.mktemp("flip") / "model.tflite"
    path.write_bytes(content)
    try:
        found: Contract | str = read_contract(path)
    except InputError as error:
        found = str(error)
    if isinstance(found, str):
        assert found.startswith(f"model file {path}: ")
        assert "None" not in found
    else:
        # Bits of the ZIP that are not used, such as dates and attributes.
        assert found == read_contract(model)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"contract_version": 3}, ["contract version 3", "reads 1 and 2", "install the Timbrel"]),
        ({"contract_version": 0}, ["contract version 0", "reads 1 and 2"]),
        ({"contract_version": 2}, ["task and outputs", "version 2"]),
        ({"contract_version": "1"}, ["contract_version"]),
        ({"contract_version": ...}, ["contract_version"]),
        ({"tflite_sha256": "00"}, ["checksum"]),
        ({"tflite_sha256": ...}, ["tflite_sha256"]),
        ({"colour": "red"}, ["unknown field", "colour"]),
        ({"front_end": {"window": "hann"}}, ["unknown field", "window", "front_end"]),
        ({"front_end": {"fft_size": 256}}, ["fft_size", "front_end"]),
        ({"front_end": {"fft_size": 2**40}}, ["fft_size", "at most 65536"]),
        ({"front_end": {"sample_rate_hz": 8_000, "high_hz": 4_000.0}}, ["must be 16000"]),
        ({"front_end": {"hop_seconds": 1e308}}, ["front_end"]),
        ({"families": ["flute", "guitar", "flute"]}, ["named twice"]),
        ({"families": ["flute", "guitar"]}, ["families, calibration and thresholds", "length"]),
        ({"families": []}, ["families", "length >= 1"]),
        ({"families": ["Flute", "guitar", "organ"]}, ["families"]),
        ({"families": ["flute\n", "guitar", "organ"]}, ["families"]),
        ({"thresholds": [0.5, 0.5]}, ["families, calibration and thresholds", "length"]),
        ({"thresholds": [0.5, 0.5, 0.0]}, ["thresholds", "> 0.0"]),
        ({"thresholds": [0.5, 0.5, 1.0]}, ["thresholds", "< 1.0"]),
        ({"calibration": [{}]}, ["families, calibration and thresholds", "length"]),
        ({"calibration": [{}, {}, {"temperature": 0.0}]}, ["temperature", ">= 0.001"]),
        ({"calibration": [{}, {}, {"temperature": 1e-300}]}, ["temperature", ">= 0.001"]),
        ({"calibration": [{}, {"temperature": 1e300}, {}]}, ["temperature", "<= 1000"]),
        ({"calibration": [{"offset": -1e39}, {}, {}]}, ["offset", ">= -1000"]),
        ({"calibration": [{}, {}, {"slope": 1.0}]}, ["calibration", "slope"]),
        ({"pooling": "max"}, ["pooling", "max"]),
        ({"patch_frames": 0}, ["patch_frames", ">= 1"]),
        ({"patch_frames": 97}, ["a patch ends after the 398 frames of a window"]),
        ({"patch_starts": [0, 303]}, ["a patch ends after the 398 frames of a window"]),
        ({"patch_starts": [-1]}, ["patch_starts", ">= 0"]),
        ({"patch_starts": []}, ["patch_starts", "length >= 1"]),
        ({"patch_starts": [0] * 401}, ["patch_starts", "length <= 400"]),
        ({"provenance": {}}, ["provenance", "recipe_sha256"]),
    ],
)
def test_rejects_invalid_contract(
    changes: dict[str, Any], words: list[str], altered: Callable[..., Path]
) -> None:
    message = refusal(altered(**changes))
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    "document", [b"", b"{", b"[]", b"null", b"1", b"\xff\xfe", b'{"contract_version": 1}']
)
def test_rejects_document_that_is_not_a_contract(
    document: bytes, tmp_path: Path, bare_tflite: Path
) -> None:
    path = append_zip(tmp_path / "model.tflite", bare_tflite, document)
    assert "its contract is wrong" in refusal(path)


NAMED = {"task": "families", "outputs": {"families": "f"}}
EMBEDDED = {
    "task": "families",
    "outputs": {"families": "f", "embedding": "e"},
    "embedding_id": "0123456789abcdef",
    "embedding_values": 128,
}
GENRED = EMBEDDED | {
    "outputs": {"families": "f", "embedding": "e", "genre": "g"},
    "genres": ("jazz", "rock"),
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"task": "notes"}, ["task is 'notes'", "knows only families", "install the Timbrel"]),
        ({"task": "notes", "activation": "softmax"}, ["task is 'notes'"]),
        (
            {"outputs": {"families": "f", "genre": "g", "mood": "m"}, "genres": ["jazz"]},
            ["the output 'mood'", "knows only families, embedding, genre"],
        ),
        (
            {"outputs": {"families": "f", "beats": "b", "mood": "m"}},
            ["the outputs 'beats', 'mood'", "knows only families, embedding, genre"],
        ),
        ({"outputs": {"embedding": "e"}}, ["outputs: families is missing"]),
        ({"outputs": {}}, ["outputs: families is missing"]),
        ({"outputs": {"families": "f", "embedding": "f"}}, ["named twice"]),
        ({"outputs": {"families": 1}}, ["outputs"]),
        ({"contract_version": 3, "outputs": [{"name": "f"}]}, ["version 3", "reads 1 and 2"]),
        ({"contract_version": 3, "task": ["notes", "families"]}, ["version 3", "install the"]),
        ({"task": ...}, ["task and outputs", "version 2"]),
        ({"outputs": ...}, ["task and outputs", "version 2"]),
        ({"contract_version": 1}, ["task and outputs", "version 2"]),
        ({"outputs": {"families": "f"}}, ["embedding_id", "need each other"]),
        ({"embedding_id": ...}, ["embedding_id", "need each other"]),
        ({"embedding_values": ...}, ["embedding_values", "need each other"]),
        ({"embedding_values": 0}, ["embedding_values", ">= 1"]),
        ({"embedding_values": 5_000}, ["embedding_values", "<= 4096"]),
        ({"embedding_id": "rooms"}, ["embedding_id"]),
        ({"genres": ["jazz", "rock"]}, ["genre and genres need each other"]),
        ({"outputs": GENRED["outputs"]}, ["genre and genres need each other"]),
        (GENRED | {"genres": ["jazz", "jazz"]}, ["a genre is named twice"]),
        (GENRED | {"genres": ["Jazz", "rock"]}, ["genres"]),
    ],
)
def test_rejects_invalid_contract_of_version_2(
    changes: dict[str, Any], words: list[str], altered: Callable[..., Path]
) -> None:
    message = refusal(altered(**({"contract_version": 2} | EMBEDDED | changes)))
    assert "\n" not in message
    assert all(word in message for word in words), message


@pytest.mark.parametrize("fields", [NAMED, EMBEDDED, GENRED])
def test_reads_the_contract_of_version_2_that_was_written(
    fields: dict[str, Any], make_model: MakeModel, contract: Contract, bare_tflite: Path
) -> None:
    changes = {"contract_version": 2} | fields
    found = read_contract(make_model(**changes))
    sha256 = sha256_of(bare_tflite)
    assert found == msgspec.structs.replace(contract, tflite_sha256=sha256, **changes)


def test_contract_of_version_1_has_no_fields_of_version_2(model: Path) -> None:
    with zipfile.ZipFile(model) as archive:
        document = json.loads(archive.read("contract.json"))
    assert document["contract_version"] == 1
    assert not document.keys() & EMBEDDED.keys()


def test_accepts_unchanged_contract(altered: Callable[..., Path]) -> None:
    assert read_contract(altered()).title == "tiny 1"


def test_accepts_patch_that_ends_with_the_window(altered: Callable[..., Path]) -> None:
    assert read_contract(altered(patch_frames=398, patch_starts=[0])).patch_frames == 398


def test_names_the_file_that_the_runtime_rejects(
    tmp_path: Path, bare_tflite: Path, contract: Contract
) -> None:
    path = tmp_path / "model.tflite"
    network = bytearray(bare_tflite.read_bytes())
    network[8 : len(network) // 2] = bytes(len(network) // 2 - 8)
    path.write_bytes(network)
    write_contract(path, contract)
    with pytest.raises(InputError, match="the TFLite runtime rejects it") as caught:
        load_classifier(path)
    assert str(path) in str(caught.value)


LABELLED = {
    "contract_version": 2,
    "task": "classes",
    "outputs": {"classes": "c"},
    "families": ["10", "2", "Äolsharfe"],
    "activation": "softmax",
    "pooling": "max",
}


def test_reads_labels_of_any_text_in_the_order_of_the_file(altered: Callable[..., Path]) -> None:
    contract = read_contract(altered(**LABELLED))
    assert contract.families == ("10", "2", "Äolsharfe")
    assert (contract.noun, contract.scored) == ("class", "classes")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"families": ["10", "10", "2"]}, ["a class is named twice"]),
        ({"families": ["10", "2", " a"]}, ["classes: ' a' begins or ends with a space"]),
        ({"families": ["10", "2", "a\nb"]}, ["classes: 'a\\nb' begins or ends"]),
        ({"families": ["10", "2", ""]}, ["families", "length >= 1"]),
        ({"families": ["10", "2", 65 * "a"]}, ["families", "length <= 64"]),
        ({"outputs": {"families": "f"}}, ["the output 'families'", "knows only classes,"]),
        ({"activation": "relu"}, ["activation", "relu"]),
        ({"pooling": "median"}, ["pooling", "median"]),
        ({"task": "families", "outputs": {"families": "f"}}, ["families: '10'"]),
        (
            {
                "families": ["10"],
                "calibration": [{}],
                "thresholds": [0.5],
            },
            ["softmax needs two classes"],
        ),
    ],
)
def test_rejects_invalid_contract_of_classes(
    changes: dict[str, Any], words: list[str], altered: Callable[..., Path]
) -> None:
    message = refusal(altered(**(LABELLED | changes)))
    assert "\n" not in message
    assert all(word in message for word in words), message
