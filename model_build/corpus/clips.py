"""The corpus: its manifest's rows as clips, each with a path, what sounds in it, a licence."""

import csv
import hashlib
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from daemon.errors import InputError

MANIFEST = "manifest.csv"
KINDS = {"note", "phrase", "room", "negative", "drum", "mixture", "rir", "unlabelled"}
_PLAYED = {"note", "phrase", "room", "mixture"}
_COLUMNS = {
    "path",
    "kind",
    "split",
    "label",
    "accepts",
    "source",
    "group",
    "origin",
    "licence",
    "redistributable",
    "doubt",
}
_REMEDY = "name the corpus' folder with --corpus DIR or TIMBREL_CORPUS"
_NAMED_AT_MOST = 10

log = logging.getLogger(__name__)


class Clip(msgspec.Struct, frozen=True):
    """One recording. `families` sound in it; `accepts` are those that count as right.

    `label` is the manifest's: a negative's and a stroke's sort.
    """

    path: str
    kind: str
    split: str
    label: str
    families: tuple[str, ...]
    accepts: tuple[str, ...]
    source: str
    group: str
    origin: str
    licence: str
    redistributable: bool
    doubt: str


class Skipped(NamedTuple):
    """A clip that cannot be used, and why."""

    path: str
    reason: str


class Corpus(NamedTuple):
    """The usable clips of a folder, what is wrong with the others, the manifest's SHA-256."""

    folder: Path
    clips: list[Clip]
    skipped: list[Skipped]
    sha256: str


def read_corpus(folder: Path | None, families: tuple[str, ...]) -> Corpus:
    """Read the manifest; a row that is wrong or whose file is missing is skipped, with a warning.

    Raises InputError when the folder or its manifest is missing or not one of ours.
    """
    folder, manifest = read_manifest(folder)
    clips: list[Clip] = []
    skipped: list[Skipped] = []
    for row in _rows(folder, manifest):
        wrong = _wrong(row, folder, families)
        if wrong:
            skipped.append(Skipped(row.get("path") or "a row without path", wrong))
        else:
            clips.append(_clip(row))
    warn_of(skipped)
    return Corpus(folder, clips, skipped, hashlib.sha256(manifest).hexdigest())


def read_manifest(folder: Path | None) -> tuple[Path, bytes]:
    """The corpus' folder and its manifest; raises InputError when either is missing."""
    if folder is None:
        raise InputError(f"no corpus given; {_REMEDY}")
    try:
        return folder, (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise InputError(f"corpus {folder / MANIFEST}: {error.strerror}; {_REMEDY}") from None


def joined(first: Corpus, second: Corpus) -> Corpus:
    """Two corpora as one, in the first one's folder; the second's clips keep whole paths."""
    moved = [
        msgspec.structs.replace(clip, path=str((second.folder / clip.path).resolve()))
        for clip in second.clips
    ]
    both = hashlib.sha256(f"{first.sha256} {second.sha256}".encode()).hexdigest()
    return Corpus(first.folder, first.clips + moved, first.skipped + second.skipped, both)


def warn_of(skipped: Iterable[Skipped]) -> None:
    """Name what is skipped and say how much it is; a long list is cut short."""
    every = list(skipped)
    for path, reason in every[:_NAMED_AT_MOST]:
        log.warning("skipped: %s: %s", path, reason)
    if len(every) > _NAMED_AT_MOST:
        log.warning("skipped: %d more", len(every) - _NAMED_AT_MOST)


def _rows(folder: Path, manifest: bytes) -> Iterator[dict[str, str]]:
    reader = csv.DictReader(manifest.decode("utf-8", "replace").splitlines())
    missing = _COLUMNS - set(reader.fieldnames or ())
    if missing:
        raise InputError(
            f"corpus {folder / MANIFEST}: lacks the columns {', '.join(sorted(missing))}; "
            "add them to the manifest"
        )
    yield from reader


def _wrong(row: dict[str, str], folder: Path, families: tuple[str, ...]) -> str:
    """Say what is wrong with a row; nothing, where nothing is."""
    if any(row.get(column) is None for column in _COLUMNS):
        return "the row is cut short"
    if row["kind"] not in KINDS:
        return f"unknown kind {row['kind']!r}"
    unknown = set(_families(row)) - set(families) if row["kind"] in _PLAYED else set()
    if unknown:
        return f"no family of the recipe: {', '.join(sorted(unknown))!r}"
    if not row["path"] or not (folder / row["path"]).is_file():
        return "no such file"
    return ""


def _clip(row: dict[str, str]) -> Clip:
    return Clip(
        path=row["path"],
        kind=row["kind"],
        split=row["split"],
        label=row["label"],
        families=_families(row),
        accepts=tuple(row["accepts"].split(";")) if row["accepts"] else _families(row),
        source=row["source"],
        group=row["group"],
        origin=row["origin"],
        licence=row["licence"],
        redistributable=row["redistributable"] == "1",
        doubt=row["doubt"],
    )


def _families(row: dict[str, str]) -> tuple[str, ...]:
    if row["kind"] == "drum":
        return ("drums",)
    return tuple(row["label"].split(";")) if row["kind"] in _PLAYED else ()
