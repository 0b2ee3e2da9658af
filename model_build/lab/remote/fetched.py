"""Copy the data of an experiment from a URL, such as s3://… or https://…, to a local folder."""

import errno
import hashlib
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec

from daemon.errors import InputError
from daemon.system.files.whole_file import whole_file
from model_build.lab.experiment import Data
from model_build.progress import with_progress

_REMEDY = "install the extra `remote`: script/setup build lab remote"
_TABLES = (".csv", ".tsv", ".parquet", ".pq")
_AUDIO_FOLDERS = {"path": "audio_folder", "test_path": "test_audio_folder"}
_PIECE_BYTES = 1_000_000


def fetched(data: Data) -> Data:
    """Return a data section with local paths, after copying what is at URLs.

    Files that have been copied before are kept if their size at the URL is the same or unknown. A
    table at a URL without an audio folder of its own brings the folder that it is in. Raises
    InputError if a URL cannot be read, or needs a package that is not installed.
    """
    paths = {}
    for table, audio_folder in _AUDIO_FOLDERS.items():
        url, audio = getattr(data, table), getattr(data, audio_folder)
        if url:
            paths[table] = _local(data, url, has_audio=not audio)
        if audio:
            paths[audio_folder] = _local(data, audio, has_audio=True)
    return msgspec.structs.replace(data, **paths)


def _local(data: Data, url: str, *, has_audio: bool) -> str:
    """Return a local path; what is at a URL is copied, with the folder of a table if needed."""
    if "://" not in url:
        return url
    filesystem, place = _opened(url)
    name = ""
    if place.lower().endswith(_TABLES):
        place, _, name = place.rpartition("/")
    folder = Path(data.download_folder).expanduser() / _folder_name(url.replace(name, "", 1))
    _copy(url, filesystem, place, folder, only="" if has_audio else name)
    return str(folder / name)


def _folder_name(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def _opened(url: str) -> tuple[Any, str]:
    """Return fsspec's file system of a URL, and the path in it."""
    try:
        import fsspec
    except ImportError:
        raise InputError(f"{url}: a URL needs fsspec; {_REMEDY}") from None
    try:
        filesystem, place = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise InputError(f"{url}: {_line(error)}; install that package with pip") from None
    except Exception as error:  # noqa: BLE001 (each file system has errors of its own)
        raise InputError(f"{url}: {_line(error)}; correct the URL") from None
    return filesystem, str(place)


def _copy(url: str, filesystem: Any, place: str, folder: Path, only: str) -> None:
    try:
        files = sorted(_files(filesystem, place, only))
        for file, size in with_progress(files, f"copying {url}", len(files)):
            target = folder / _inside(file, place)
            if not target.is_file() or (size is not None and target.stat().st_size != size):
                target.parent.mkdir(parents=True, exist_ok=True)
                _copy_file(filesystem, file, target)
    except InputError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        raise InputError(f"{url}: {_line(error)}; check the URL and the connection") from None
    if not files:
        raise InputError(f"{url}: no file was found there; check the URL and the connection")


def _files(filesystem: Any, place: str, only: str) -> Iterator[tuple[str, int | None]]:
    """Yield the path and size of each file below a place; the size is None if it is unknown."""
    if only:
        file = f"{place}/{only}"
        yield file, filesystem.info(file).get("size")
        return
    for file, state in filesystem.find(place, detail=True).items():
        yield file, state.get("size")


def _inside(file: str, place: str) -> str:
    """Return a file's path below a place. Raises InputError if it leads out of it."""
    is_url = file.startswith(("http://", "https://"))
    inside = file.removeprefix(place).lstrip("/") or posixpath.basename(file)
    inside = unquote(inside) if is_url else inside
    if ".." in Path(inside).parts:
        raise InputError(f"{file}: a path with .. is not copied")
    return inside


def _copy_file(filesystem: Any, file: str, target: Path) -> None:
    with (
        whole_file(target) as fresh,
        fresh.open("wb") as copy,
        filesystem.open(file, "rb") as source,
    ):
        while piece := source.read(_PIECE_BYTES):
            copy.write(piece)


def _line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0]
