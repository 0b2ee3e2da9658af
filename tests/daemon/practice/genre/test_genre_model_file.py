"""A genre model's file says what it needs; a wrong one is refused in one line."""

import re
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from daemon.errors import InputError
from daemon.hearing.classifier import BUILT_IN_MODEL, load_classifier
from daemon.hearing.model_file import write_contract
from daemon.practice.genre.built_in import BUILT_IN_GENRE_MODEL
from daemon.practice.genre.genre_contract import GenreContract, read_genre_contract
from daemon.practice.genre.genre_network import load_genre_network

GENRES = (
    *("blues", "classical", "country", "disco", "hiphop"),
    *("jazz", "metal", "pop", "reggae", "rock"),
)


def rewritten(folder: Path, **changes: Any) -> Path:
    """Write the built-in network with another contract, which is not checked."""
    content = BUILT_IN_GENRE_MODEL.read_bytes()
    with zipfile.ZipFile(BUILT_IN_GENRE_MODEL) as archive:
        size = archive.getinfo("contract.json").header_offset
    fields = msgspec.json.decode(
        msgspec.json.encode(read_genre_contract(BUILT_IN_GENRE_MODEL)), type=dict[str, Any]
    )
    path = folder / "genre.tflite"
    path.write_bytes(content[:size])
    contract = msgspec.defstruct("AnyContract", list(fields))
    write_contract(path, contract(**(fields | changes)))
    return path


def test_built_in_model_names_ten_genres() -> None:
    contract = read_genre_contract(BUILT_IN_GENRE_MODEL)
    assert contract.genres == GENRES
    assert contract.provenance.base_licence == "Apache-2.0"
    assert 0.0 < contract.least_music < 0.5


def test_unchanged_contract_is_read_back(tmp_path: Path) -> None:
    assert load_genre_network(rewritten(tmp_path)).contract == read_genre_contract(
        BUILT_IN_GENRE_MODEL
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "mood"}, "its task is 'mood', but a genre model has the task 'genre'"),
        ({"contract_version": 3}, "contract version 3, but this Timbrel reads 1 and 2"),
        ({"contract_version": 1}, "contract version 1, but this Timbrel reads 2"),
        ({"outputs": {"mood": "genre"}}, "outputs must be genre"),
        ({"outputs": {"genre": "x"}}, "promises the output 'x' (1, 20) float32"),
        ({"classes": ["jazz", "music"]}, "promises the output 'genre' (1, 2) float32"),
        ({"classes": ["jazz", "rock"]}, "classes must contain music once"),
        ({"classes": ["music", "music"]}, "classes must contain music once"),
        ({"classes": ["Jazz", "music"]}, "classes"),
        ({"patch_frames": 48}, "promises the input (1, 48, 64) float32"),
        ({"patch_hop_frames": 97}, "patch_hop_frames must be at most patch_frames"),
        ({"least_music": 0.0}, "least_music"),
    ],
)
def test_wrong_contract_is_one_clear_line(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        load_genre_network(rewritten(tmp_path, **changes))
    assert len(caught.value.lines) == 1


def test_damage_is_one_clear_line(tmp_path: Path) -> None:
    content = bytearray(BUILT_IN_GENRE_MODEL.read_bytes())
    content[len(content) // 3] ^= 0xFF
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes(content)
    with pytest.raises(InputError, match="damaged, its checksum does not match"):
        load_genre_network(damaged)
    with pytest.raises(InputError, match="not found"):
        load_genre_network(tmp_path / "none.tflite")


def test_families_and_genres_refuse_each_others_files() -> None:
    with pytest.raises(InputError, match="its task is 'families', but a genre model"):
        read_genre_contract(BUILT_IN_MODEL)
    with pytest.raises(InputError, match="its task is 'genre'"):
        load_classifier(BUILT_IN_GENRE_MODEL)


def test_front_end_of_another_rate_is_refused(contract: GenreContract) -> None:
    front_end = msgspec.structs.replace(contract.front_end, sample_rate_hz=8_000, high_hz=4_000.0)
    with pytest.raises(ValueError, match="sample_rate_hz must be 16000"):
        msgspec.structs.replace(contract, front_end=front_end)
