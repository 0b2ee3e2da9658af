"""Score recordings with the final model of a run."""

import csv
import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from daemon.errors import InputError
from daemon.sound.sound_file import read_sound
from daemon.system.files.whole_file import whole_file
from model_build.corpus.formats.labelled import printable
from model_build.lab.data.sound import is_silent
from model_build.lab.features.front_end import ChunkMaker
from model_build.lab.models.fit import load
from model_build.lab.models.model import Scores
from model_build.lab.run.lab_run import LabRun, Record
from model_build.lab.run.predictions import predicted_classes

log = logging.getLogger(__name__)


def predict(folder: Path, files: Sequence[Path], output: Path | None) -> None:
    """Write a row per recording, with the prediction and the score of each class.

    Scores are the mean over the recording's chunks. Raises InputError at the end if some files
    cannot be read; the others are written. Raises it at once if the run was interrupted, or if its
    model or the folder of `output` is missing.
    """
    run = LabRun(folder)
    record = run.read_finished()
    if output and not output.parent.is_dir():
        raise InputError(f"{output.parent}: no such folder; make it, or choose another --output")
    errors: list[str] = []
    rows = _rows(run, record, files, errors)
    if output is None:
        _write(sys.stdout, record, rows)
    else:
        with whole_file(output) as fresh, fresh.open("w", newline="", encoding="utf-8") as file:
            _write(file, record, rows)
    if errors:
        raise InputError(*errors)


def _write(file: IO[str], record: Record, rows: Iterator[tuple[Path, Scores]]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["file", "predicted", *record.classes])
    for path, scores in rows:
        prediction = predicted_classes(scores, record.classes, record.used_thresholds)
        writer.writerow([printable(str(path)), prediction, *(f"{score:.6f}" for score in scores)])


def _rows(
    run: LabRun, record: Record, files: Sequence[Path], errors: list[str]
) -> Iterator[tuple[Path, Scores]]:
    """Yield the scores (classes,) of each file; note the others in `errors`."""
    model = load(record.experiment, run.model)
    settings = record.experiment.front_end
    maker = ChunkMaker(settings)
    for path in files:
        try:
            samples = read_sound(str(path), settings.sample_rate_hz)
        except InputError as error:
            errors.extend(error.lines)
            continue
        if is_silent(samples):
            log.warning("%s: silent, so its scores mean nothing", path)
        yield path, model.scores(maker.chunks(samples)).mean(axis=0)
