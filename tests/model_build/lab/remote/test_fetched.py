import functools
import http.server
import threading
import urllib.parse
import zipfile
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from daemon.errors import InputError
from model_build.lab.data.recordings import read_recordings
from model_build.lab.experiment import Data
from model_build.lab.remote.fetched import fetched
from tests.model_build.lab.tones import write_tones


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def tones(tmp_path: Path) -> Path:
    write_tones(tmp_path / "train", 2, seed=1)
    return tmp_path


@pytest.fixture
def server(tones: Path) -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(tones))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def folders(url: str, tmp_path: Path) -> Data:
    return Data(layout="folders", path=url, download_folder=str(tmp_path / "downloads"))


def found(data: Data) -> dict[str, int]:
    examples = read_recordings(data).examples
    return {label: sum(label in one.labels for one in examples) for label in ("10", "Äolsharfe")}


def test_a_path_stays_a_path() -> None:
    data = Data(layout="folders", path="some/folder")
    assert fetched(data) == data


def test_a_folder_is_read_from_a_web_server(server: str, tmp_path: Path) -> None:
    assert found(folders(f"{server}/train/", tmp_path)) == {"10": 2, "Äolsharfe": 2}


def test_a_folder_is_read_from_an_archive(tones: Path) -> None:
    with zipfile.ZipFile(tones / "tones.zip", "w") as archive:
        for file in (tones / "train").rglob("*.wav"):
            archive.write(file, file.relative_to(tones))
    data = folders(f"zip://train::{tones / 'tones.zip'}", tones)
    assert found(data) == {"10": 2, "Äolsharfe": 2}


def test_a_table_brings_its_folder(tones: Path) -> None:
    names = [file.relative_to(tones / "train") for file in (tones / "train").rglob("*.wav")]
    lines = [f"{name},{name.parent}" for name in names]
    table = tones / "train" / "labels.csv"
    table.write_text("file,label\n" + "\n".join(lines), encoding="utf-8")
    data = Data(
        layout="table",
        path=f"file://{table}",
        file_column="file",
        label_columns=("label",),
        download_folder=str(tones / "downloads"),
    )
    assert found(data) == {"10": 2, "Äolsharfe": 2}
    assert found(data) == {"10": 2, "Äolsharfe": 2}, "the second time from the copies"


def test_only_files_of_another_size_are_copied_again(tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    for name in ("one", "two"):
        memory.pipe(f"/again/{name}.wav", b"12345")
    data = folders("memory://again", tmp_path)
    place = Path(fetched(data).path)
    (place / "one.wav").write_bytes(b"kept!")
    memory.pipe("/again/two.wav", b"123456")
    fetched(data)
    assert (place / "one.wav").read_bytes() == b"kept!"
    assert (place / "two.wav").read_bytes() == b"123456"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("s3://bucket/folder", "Install s3fs to access S3"),
        ("nonsense://folder", "Protocol not known: nonsense"),
        ("memory://nothing-here", "no file was found there"),
        ("http://127.0.0.1:9/train/", "check the URL and the connection"),
        ("zip://train::/nowhere/tones.zip", "/nowhere/tones.zip"),
    ],
)
def test_a_url_that_cannot_be_read_is_one_line(url: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        fetched(folders(url, tmp_path))
    assert message in str(caught.value)
    assert str(caught.value).startswith(urllib.parse.unquote(url))
    assert len(str(caught.value).splitlines()) == 1


def test_each_table_brings_its_recordings_unless_they_are_elsewhere(tmp_path: Path) -> None:
    files = fsspec.filesystem("memory")
    for name in ("one/labels.csv", "one/a.wav", "two/labels.csv", "two/b.wav", "sounds/a.wav"):
        files.pipe(f"/tables/{name}", b"x")
    data = fetched(
        Data(
            layout="table",
            path="memory://tables/one/labels.csv",
            audio_folder="memory://tables/sounds",
            test_path="memory://tables/two/labels.csv",
            file_column="file",
            label_columns=("label",),
            download_folder=str(tmp_path),
        )
    )
    assert not Path(data.path).with_name("a.wav").exists()
    assert Path(data.audio_folder, "a.wav").is_file()
    assert Path(data.test_path).with_name("b.wav").is_file()
