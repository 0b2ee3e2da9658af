"""The tables of a search and of an ablation, which a run's page shows."""

from pathlib import Path
from typing import TypeVar

import msgspec

from model_build.lab.ablation.ablation import Ablation
from model_build.lab.ablation.table import change_text
from model_build.lab.run.lab_run import LabRun, Record
from model_build.lab.search.found import Found
from model_build.lab.search.table import search_notes, values_text

Kept = TypeVar("Kept", Found, Ablation)
Row = dict[str, object]


def search_table(run: LabRun, record: Record) -> dict[str, object] | None:
    """Return the trials of the search that found the run's experiment; None if there was none."""
    found = _read(run.folder / "search.json", Found)
    # The file of an earlier search stays in the folder.
    if found is None or not set(search_notes(found)) <= set(record.notes):
        return None
    rows: list[Row] = [
        {
            "values": values_text(trial),
            "value": trial.value,
            "interval": trial.interval,
            "problem": trial.problem,
            "best": place == found.best,
        }
        for place, trial in enumerate(found.trials)
    ]
    return {"metric": found.metric, "clips": found.clips, "rows": rows}


def ablation_table(run: LabRun, record: Record) -> dict[str, object] | None:
    """Return the run's figure without each part; None without an ablation."""
    found = _read(run.folder / "ablation.json", Ablation)
    if found is None or {one.name: one.change for one in found.parts} != record.experiment.ablate:
        return None
    rows: list[Row] = [
        {
            "name": one.name,
            "change": change_text(one),
            "value": one.value,
            "difference": one.difference,
            "interval": one.interval,
            "problem": one.problem,
        }
        for one in found.parts
    ]
    return {"metric": found.metric, "rows": rows}


def _read(file: Path, kind: type[Kept]) -> Kept | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return None
