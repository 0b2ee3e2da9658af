"""The clips of a corpus: recordings with a label, a licence and a split, read from its manifest."""

import hashlib
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from model_build.corpus.manifest import NEEDED_COLUMNS, Row, read_manifest, rows_of

KINDS = {"note", "phrase", "room", "negative", "drum", "mixture", "rir", "unlabelled"}
_LABELLED_BY_FAMILY = {"note", "phrase", "room", "mixture"}
_LOGGED_AT_MOST = 10

log = logging.getLogger(__name__)


class Clip(msgspec.Struct, frozen=True):
    """One recording: a row of the manifest."""

    path: str
    """Path of the sound file, relative to the corpus' folder."""
    kind: str
    """One of KINDS."""
    split: str
    """`train` or `dev`."""
    label: str
    """Families, separated by semicolons; of a negative or a drum stroke, its sort."""
    families: tuple[str, ...]
    """The families that play."""
    accepts: tuple[str, ...]
    """The families that count as a correct answer."""
    source: str
    """The instrument, player or recording that it comes from."""
    group: str
    """Clips of one group are never on both sides of a split."""
    origin: str
    """How it was made: `real`, `sf-real`, `synth` or `rendered`."""
    licence: str
    """Licence of the recording."""
    redistributable: bool
    """True if the licence permits redistribution."""
    doubt: str
    """Why its label or licence is doubtful; empty if it is not."""


class Skipped(NamedTuple):
    """A clip that cannot be used."""

    path: str
    """Path as in the manifest."""
    reason: str
    """Why it cannot be used."""


class Corpus(NamedTuple):
    """The clips of a folder."""

    folder: Path
    """The folder that the clips' paths are relative to."""
    clips: list[Clip]
    """The usable clips."""
    skipped: list[Skipped]
    """The others."""
    sha256: str
    """SHA-256 of the manifest."""


def read_corpus(folder: Path | None, families: tuple[str, ...]) -> Corpus:
    """Read the manifest; skip invalid rows and rows without a file, with a warning.

    Raises InputError if the folder or its manifest is missing, or if the manifest lacks a column.
    """
    folder, manifest = read_manifest(folder)
    clips: list[Clip] = []
    skipped: list[Skipped] = []
    for row in rows_of(folder, manifest):
        problem = _problem(row, folder, families)
        if problem:
            skipped.append(Skipped(row.get("path") or "a row without path", problem))
        else:
            clips.append(_clip(row))
    log_skipped(skipped)
    return Corpus(folder, clips, skipped, hashlib.sha256(manifest).hexdigest())


def combined(first: Corpus, second: Corpus) -> Corpus:
    """Return both as one corpus in the first one's folder; the second's clips get full paths."""
    moved = [
        msgspec.structs.replace(clip, path=str((second.folder / clip.path).resolve()))
        for clip in second.clips
    ]
    both = hashlib.sha256(f"{first.sha256} {second.sha256}".encode()).hexdigest()
    return Corpus(first.folder, first.clips + moved, first.skipped + second.skipped, both)


def log_skipped(skipped: Iterable[Skipped]) -> None:
    """Log a warning for each of the first skipped clips, and the number of the others."""
    every = list(skipped)
    for path, reason in every[:_LOGGED_AT_MOST]:
        log.warning("skipped: %s: %s", path, reason)
    if len(every) > _LOGGED_AT_MOST:
        log.warning("skipped: %d more", len(every) - _LOGGED_AT_MOST)


def _problem(row: Row, folder: Path, families: tuple[str, ...]) -> str:
    """Return why a row cannot be used; an empty string if it can."""
    if any(row.get(column) is None for column in NEEDED_COLUMNS):
        return "the row is incomplete"
    if row["kind"] not in KINDS:
        return f"unknown kind {row['kind']!r}"
    unknown = set(_families(row)) - set(families) if row["kind"] in _LABELLED_BY_FAMILY else set()
    if unknown:
        return f"not a family of the recipe: {', '.join(sorted(unknown))!r}"
    if not row["path"] or not (folder / row["path"]).is_file():
        return "no such file"
    return ""


def _clip(row: Row) -> Clip:
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


def _families(row: Row) -> tuple[str, ...]:
    if row["kind"] == "drum":
        return ("drums",)
    return tuple(row["label"].split(";")) if row["kind"] in _LABELLED_BY_FAMILY else ()
