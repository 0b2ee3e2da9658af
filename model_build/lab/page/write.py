"""Write the pages of runs, and the index."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from model_build.lab.executor.pool import Workers
from model_build.lab.exploration.exploration import Exploration
from model_build.lab.page.data_contents import data_contents
from model_build.lab.page.html import write_page
from model_build.lab.page.run_contents import run_contents
from model_build.lab.page.summaries import Summary, kept_summary, read_summaries
from model_build.lab.run.lab_run import LabRun

INDEX = "index.html"
COMPARISON = "comparison.html"


def write_run_page(run: LabRun, workers: Workers = None) -> Path:
    """Write the page of a finished run beside its folder, and the index; return its path.

    Raises InputError if the run is not finished, or if Plotly is not installed.
    """
    folder = run.folder.parent
    page = folder / f"{run.folder.name}.html"
    contents, _ = run_contents(run, workers)
    write_page(page, "run", run.folder.name, contents)
    write_index(folder)
    return page


def write_index(folder: Path) -> Path:
    """Write the index of all runs in a folder that have a page; return its path."""
    path = folder / INDEX
    write_page(path, "index", "Experiments", {"runs": read_summaries(folder), "chosen": []})
    return path


def write_comparison(runs: Sequence[Path], workers: Workers = None) -> Path:
    """Write a page that compares some runs; return its path, in the folder of the first run.

    Runs of the same name in several folders are shown with their folders.

    Pages of the runs that are missing or older than the run are written first.
    """
    summaries = [_summary(LabRun(run), workers) for run in runs]
    folder = runs[0].resolve().parent
    shown = [_from(folder, one, run) for one, run in zip(summaries, runs, strict=True)]
    names = Counter(one.name for one in shown)
    shown = [
        one if names[one.name] == 1 else msgspec.structs.replace(one, name=str(run))
        for one, run in zip(shown, runs, strict=True)
    ]
    path = folder / COMPARISON
    contents = {"runs": shown, "chosen": [one.name for one in shown]}
    write_page(path, "index", "Comparison", contents)
    return path


def write_data_page(seen: Exploration, folder: Path, workers: Workers = None) -> Path:
    """Write the page of an experiment's data to the folder of the runs; return its path.

    The index is written, too, because the page links to it.
    """
    path = folder / f"{seen.name}-data.html"
    folder.mkdir(parents=True, exist_ok=True)
    write_page(path, "data", f"Data of {seen.name}", data_contents(seen, folder, workers))
    write_index(folder)
    return path


def _summary(run: LabRun, workers: Workers) -> Summary:
    run.read_record()
    kept = kept_summary(run.folder)
    if kept is None:
        write_run_page(run, workers)
        kept = kept_summary(run.folder)
    assert kept  # noqa: S101 (it has just been written)
    return kept


def _from(folder: Path, summary: Summary, run: Path) -> Summary:
    """Return a summary with the address of its page as seen from a folder."""
    page = os.path.relpath(run.resolve().parent / summary.page, folder)
    return msgspec.structs.replace(summary, page=Path(page).as_posix())
