"""A real run of a forest on made-up drums, with the curves of a made-up training."""

import json
import math
import re
from pathlib import Path

import msgspec

from model_build.lab.experiment import read_experiment
from model_build.lab.run.lab_run import LabRun, write_struct
from model_build.lab.run.run import run_experiment
from tests.model_build.lab.drum_corpus import write_drum_corpus

EXPERIMENT = """\
name: {name}
data: {{layout: corpus, path: {corpus}, kinds: [drum]}}
front_end: {{chunk_seconds: 0.3, most_chunks: 1}}
model: {{kind: forest, trees: 10}}
validation: {{strategy: group-k-fold, folds: 2, leak_check: true}}
output: {{folder: {runs}}}
"""


def write_experiment(folder: Path, name: str = "drums") -> Path:
    corpus, file = folder / "corpus", folder / f"{name}.yaml"
    if not corpus.exists():
        write_drum_corpus(corpus)
    file.write_text(EXPERIMENT.format(name=name, corpus=corpus, runs=folder / "runs"))
    return file


def write_run(folder: Path, name: str = "drums") -> LabRun:
    """Run an experiment below a folder; its run folder is in `runs`."""
    file = write_experiment(folder, name)
    run_experiment(read_experiment(file), file, workers=1)
    run = LabRun(folder / "runs" / name)
    for fold in range(2):
        write_course(run.fold("group-k-fold", fold), epochs=5)
    return run


def write_tested(run: LabRun, folder: Path) -> LabRun:
    """Write a copy of a run in which ten of its recordings are those of a test, too."""
    record, copy = run.read_record(), LabRun(folder)
    folder.mkdir()
    write_struct(copy.record, msgspec.structs.replace(record, test=record.validation))
    head, *rows = run.predictions.read_text(encoding="utf-8").splitlines(keepends=True)
    copy.predictions.write_text("".join([head, *rows]), encoding="utf-8")
    tested = [re.sub(r"^((?:[^,]*,){3})[^,]*", r"\1test", row) for row in rows[:10]]
    copy.test_predictions.write_text("".join([head, *tested]), encoding="utf-8")
    return copy


def write_course(folder: Path, epochs: int) -> None:
    """Write the lines that the training of a network writes."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        {
            "epoch": epoch,
            "loss": math.exp(-epoch / 3),
            "val_loss": math.exp(-epoch / 4),
            "val_accuracy": 1 - math.exp(-epoch / 2),
            "learning_rate": 1e-3 / epoch,
            "batches": [math.exp(-epoch / 3) + 0.01 * n for n in range(4)],
        }
        for epoch in range(1, epochs + 1)
    ]
    (folder / "epochs.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
