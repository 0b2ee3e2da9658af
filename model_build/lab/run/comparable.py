"""Whether the figures of runs can be compared."""

import csv
import hashlib
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from model_build.lab.run.lab_run import LabRun, Record

Name = TypeVar("Name", str, tuple[str, ...])

_DECIDING = ("name", "start_seconds", "labels")
_MOST_NAMES = 5


def why_not_comparable(runs: Sequence[LabRun]) -> str:
    """Return a line on what differs in finished runs besides the model; empty if nothing does."""
    records = [run.read_record() for run in runs]
    metrics = _listed([one.validation.metric for one in records])
    strategies = _listed([one.experiment.validation.strategy for one in records])
    parts = [
        f"metrics ({metrics})" if metrics else "",
        _classes(records),
        _recordings(runs),
        f"validation ({strategies})" if strategies else "",
    ]
    differing = ", ".join(filter(None, parts))
    return f"these figures cannot be compared: they have different {differing}" if differing else ""


def recordings_sha256(run: LabRun) -> str:
    """Return a hash of the validation recordings and their labels, in whatever order they are.

    It is the same at any sample rate, unlike the hash of the samples in the record.
    """
    return hashlib.sha256(msgspec.json.encode(sorted(_validated(run)))).hexdigest()


def _listed(values: Sequence[str]) -> str:
    """Return the different values; empty if all are the same."""
    different = list(dict.fromkeys(values))
    return ", ".join(different) if len(different) > 1 else ""


def _classes(records: Sequence[Record]) -> str:
    every, common = _every_and_common([one.classes for one in records])
    missing = sorted(every - common)
    if not missing:
        return ""
    more = f" and {len(missing) - _MOST_NAMES} more" if len(missing) > _MOST_NAMES else ""
    return f"classes (not in all runs: {', '.join(missing[:_MOST_NAMES])}{more})"


def _recordings(runs: Sequence[LabRun]) -> str:
    every, common = _every_and_common([_validated(run) for run in runs])
    if every == common:
        return ""
    return f"recordings or labels ({len(common)} of {len(every)} are in all runs)"


def _every_and_common(
    parts: Sequence[Sequence[Name]],
) -> tuple[set[Name], set[Name]]:
    sets = [set(part) for part in parts]
    return set.union(*sets), set.intersection(*sets)


def _validated(run: LabRun) -> list[tuple[str, ...]]:
    """Return name, start and labels of the validation recordings, names without back slashes."""
    with run.predictions.open(newline="", encoding="utf-8") as file:
        found = [tuple(row[name] for name in _DECIDING) for row in csv.DictReader(file)]
    return [(name.replace("\\", "/"), *more) for name, *more in found]
