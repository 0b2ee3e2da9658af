from pathlib import Path

from model_build.lab.experiment import read_experiment
from model_build.lab.page.scored import read_scored
from model_build.lab.run.lab_run import LabRun
from model_build.lab.run.run import run_experiment
from tests.model_build.lab.tones import TONES_HZ, write_tones

LOGISTIC = """\
name: labels
data: {{layout: table, path: {folder}/labels.csv, file_column: file, label_columns: [label]}}
front_end: {{chunk_seconds: 0.3, bands: 16}}
model: {{kind: logistic}}
validation: {{folds: 2}}
output: {{folder: {folder}/runs}}
"""


def write_labels(folder: Path, changed: str = "") -> None:
    rows = [
        f"{label}/{file.name},{changed or f'{label}; loud'}"
        for label in TONES_HZ
        for file in sorted((folder / label).iterdir())
    ]
    (folder / "labels.csv").write_text("\n".join(["file,label", *rows]), encoding="utf-8")


def test_the_page_shows_the_labels_of_the_run_after_they_were_changed(tmp_path: Path) -> None:
    write_tones(tmp_path, 2, seed=1)
    write_labels(tmp_path)
    file = tmp_path / "labels.yaml"
    file.write_text(LOGISTIC.format(folder=tmp_path), encoding="utf-8")
    record = run_experiment(read_experiment(file), file, workers=1)
    run = LabRun(tmp_path / "runs" / "labels")
    before = read_scored(run, record)
    assert before.truth.has.sum() == len(before.examples), "a class can contain a semicolon"
    write_labels(tmp_path, changed="2; loud")
    after = read_scored(run, record)
    assert (after.truth.has == before.truth.has).all()
    write_labels(tmp_path, changed="one class")  # cannot be read: the files are not known
    assert (read_scored(run, record).truth.has == before.truth.has).all()
