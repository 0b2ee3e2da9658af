from pathlib import Path

from model_build.lab.experiment import read_experiment
from model_build.lab.run.comparable import why_not_comparable
from model_build.lab.run.lab_run import LabRun
from model_build.lab.run.run import run_experiment
from tests.model_build.lab.tones import write_tones

LOGISTIC = """\
name: {name}
data: {{layout: folders, path: {folder}/{train}{data}}}
front_end: {{chunk_seconds: 0.3, bands: 16}}
model: {{kind: logistic, regularisation: {regularisation}}}
validation: {{strategy: {strategy}, folds: 2, metric: {metric}}}
output: {{folder: {folder}/runs}}
"""


def run(
    folder: Path,
    name: str,
    *,
    train: str = "train",
    data: str = "",
    strategy: str = "k-fold",
    metric: str = "accuracy",
    regularisation: float = 1.0,
) -> LabRun:
    file = folder / f"{name}.yaml"
    settings = {"strategy": strategy, "metric": metric, "regularisation": regularisation}
    text = LOGISTIC.format(name=name, folder=folder, train=train, data=data, **settings)
    file.write_text(text, encoding="utf-8")
    run_experiment(read_experiment(file), file, workers=1)
    return LabRun(folder / "runs" / name)


def test_what_differs_besides_the_model_is_named(tmp_path: Path) -> None:
    write_tones(tmp_path / "train", 4, seed=1)
    write_tones(tmp_path / "more", 5, seed=1)
    first = run(tmp_path, "first")
    assert not why_not_comparable([first, run(tmp_path, "other", regularisation=0.5)])
    start = "these figures cannot be compared: they have different "
    fewer = run(tmp_path, "fewer", data=", only: ['10', '2']")
    assert why_not_comparable([first, fewer]) == (
        f"{start}classes (not in all runs: Äolsharfe), "
        "recordings or labels (8 of 12 are in all runs)"
    )
    last = run(
        tmp_path,
        "last",
        train="more",
        data=", group_pattern: '/(.)_'",
        strategy="group-k-fold",
        metric="f1_macro",
    )
    assert why_not_comparable([first, last]) == (
        f"{start}metrics (accuracy, f1_macro), "
        "recordings or labels (12 of 15 are in all runs), validation (k-fold, group-k-fold)"
    )
