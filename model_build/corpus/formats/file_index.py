"""Find recordings by the names that tables have for them."""

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from daemon.errors import InputError

SOUND_SUFFIXES = {
    *(".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".mp4", ".aac"),
    *(".aif", ".aiff", ".aifc", ".au", ".caf", ".w64", ".wma", ".webm"),
}
"""Suffixes of the files that are taken for recordings, in lower case."""


class AmbiguousNameError(Exception):
    """A name fits several files; the message lists the first ones."""


class FileIndex:
    """The files below a folder, by name.

    Names match in any Unicode normalisation and case, with slashes or back slashes, without the
    suffix, and with more folders in front, as in absolute paths of another computer. Raises
    InputError if the folder does not exist.
    """

    def __init__(self, folder: Path) -> None:
        self._tails: dict[str, list[Path]] = defaultdict(list)
        for file in files_below(folder):
            key = _key(file.relative_to(folder).as_posix())
            for tail in _tails(key):
                self._tails[tail].append(file)
            if file.suffix.lower() in SOUND_SUFFIXES:
                for tail in _tails(key.rpartition(".")[0]):
                    self._tails[tail].append(file)
        self._folder = folder

    def find(self, name: str) -> Path | None:
        """Return the file of that name, or None. Raises AmbiguousNameError if there are several."""
        exact = self._folder / name.strip()
        if name.strip() and _is_file(exact):
            return exact
        for tail in _tails(_key(name.strip().replace("\\", "/"))):
            if found := self._tails.get(tail):
                return _only(name, found)
        return None


def files_below(folder: Path) -> Iterator[Path]:
    """Yield all files below a folder in order, without hidden files and folders.

    Links to folders are followed, unless what they lead to is found anyway, or contains the link.
    Raises InputError if the folder does not exist.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder; correct the path")
    seen = [folder.resolve()]
    for place, folders, files in os.walk(folder, followlinks=True):
        shown = sorted(name for name in folders if not name.startswith("."))
        folders[:] = [name for name in shown if _is_elsewhere(Path(place, name), seen)]
        yield from (Path(place, name) for name in sorted(files) if not name.startswith("."))


def _is_elsewhere(folder: Path, seen: list[Path]) -> bool:
    """Return whether a folder must be entered; note in `seen` where a link leads to."""
    if not folder.is_symlink():
        return True
    target, root = folder.resolve(), seen[0]
    is_around = any(one.is_relative_to(target) for one in (root, folder.parent.resolve()))
    is_below = target.is_relative_to(root) and not any(
        part.startswith(".") for part in target.relative_to(root).parts
    )
    if target in seen or is_around or is_below:
        return False
    seen.append(target)
    return True


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a name that is too long for a file
        return False


def sounds_below(folder: Path) -> Iterator[Path]:
    """Yield the sound files below a folder in order; raises as `files_below` does."""
    return (file for file in files_below(folder) if file.suffix.lower() in SOUND_SUFFIXES)


def _only(name: str, found: list[Path]) -> Path:
    if len(set(found)) > 1:
        # A name in the spelling of the file system is meant literally.
        same = {file for file in found if file.name == name.replace("\\", "/").rpartition("/")[2]}
        if len(same) == 1:
            return same.pop()
        first = ", ".join(str(file) for file in sorted(set(found))[:3])
        raise AmbiguousNameError(f"{name} fits several files: {first}")
    return found[0]


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _tails(path: str) -> Iterator[str]:
    """Yield the path, then without its first folder, and so on to the file's name alone."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return ("/".join(parts[start:]) for start in range(len(parts)))
