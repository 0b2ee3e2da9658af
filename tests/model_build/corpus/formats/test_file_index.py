import unicodedata
from pathlib import Path

import pytest

from daemon.errors import InputError
from model_build.corpus.formats.file_index import AmbiguousNameError, FileIndex, sounds_below


def touched(folder: Path, *names: str) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "sub/Trömmel.wav",
        unicodedata.normalize("NFD", "sub/Trömmel.wav"),
        "sub\\Trömmel.wav",
        "C:\\Users\\Jörg\\sub\\Trömmel.wav",
        "/home/ann/sub/trömmel.WAV",
        " Trömmel ",
        "./Trömmel.wav",
    ],
)
def test_finds_a_file_by_every_spelling_of_its_name(tmp_path: Path, name: str) -> None:
    folder = touched(tmp_path, "sub/Trömmel.wav", "sub/other.wav")
    assert FileIndex(folder).find(name) == folder / "sub/Trömmel.wav"


def test_finds_files_whose_names_are_decomposed_on_disk(tmp_path: Path) -> None:
    name = unicodedata.normalize("NFD", "Äolsharfe.wav")
    assert FileIndex(touched(tmp_path, name)).find("Äolsharfe.wav") == tmp_path / name


def test_a_name_of_several_files_is_ambiguous_unless_its_folder_is_given(tmp_path: Path) -> None:
    index = FileIndex(touched(tmp_path, "a/1.wav", "b/1.wav"))
    with pytest.raises(AmbiguousNameError, match=r"1\.wav fits several files"):
        index.find("1.wav")
    assert index.find("D:\\b\\1.wav") == tmp_path / "b/1.wav"
    assert index.find("2.wav") is None
    assert index.find("") is None


def test_hidden_files_are_nothing(tmp_path: Path) -> None:
    folder = touched(tmp_path, "Kick/._1.wav", "Kick/.DS_Store", "Kick/1.wav", ".git/2.wav")
    assert list(sounds_below(folder)) == [folder / "Kick/1.wav"]


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such folder"):
        FileIndex(tmp_path / "nowhere")


def test_links_to_folders_are_followed_once(tmp_path: Path) -> None:
    library = touched(tmp_path / "library", "kick/1.wav", "hat/2.wav")
    folder = touched(tmp_path / "folder", "snare/3.wav", ".hidden/4.wav")
    (folder / "kick").symlink_to(library / "kick")
    (folder / "tom").symlink_to(".hidden")
    (folder / "again").symlink_to("snare")
    (folder / "loop").symlink_to("..")
    (library / "kick" / "up").symlink_to("..")
    (library / "kick" / "back").symlink_to(folder)
    found = [file.relative_to(folder).as_posix() for file in sounds_below(folder)]
    assert found == ["kick/1.wav", "snare/3.wav", "tom/4.wav"]


def test_a_name_that_is_too_long_for_a_file_is_missing(tmp_path: Path) -> None:
    assert FileIndex(touched(tmp_path, "a.wav")).find("a" * 300) is None
