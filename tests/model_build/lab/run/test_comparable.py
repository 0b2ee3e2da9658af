from pathlib import Path

from model_build.lab.experiment import read_experiment
from model_build.lab.run.comparable import recordings_sha256, why_not_comparable
from model_build.lab.run.lab_run import LabRun
from model_build.lab.run.run import run_experiment
from tests.model_build.lab.tones import write_tones

LOGISTIC = """\
name: {name}
data: {{layout: folders, path: {folder}/{train}{data}}}
front_end: {{chunk_seconds: 0.3, bands: 16, sample_rate_hz: {rate_hz}}}
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
    rate_hz: int = 16_000,
) -> LabRun:
    file = folder / f"{name}.yaml"
    settings = {"strategy": strategy, "metric": metric, "regularisation": regularisation}
    sounds = {"train": train, "data": data, "rate_hz": rate_hz}
    text = LOGISTIC.format(name=name, folder=folder, **sounds, **settings)
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


def test_the_same_recordings_at_another_sample_rate_are_the_same(tmp_path: Path) -> None:
    write_tones(tmp_path / "train", 2, seed=1)
    write_tones(tmp_path / "more", 3, seed=1)
    first = run(tmp_path, "first")
    fast = run(tmp_path, "fast", rate_hz=22_050, regularisation=0.5)
    assert first.read_record().data_sha256 != fast.read_record().data_sha256
    assert recordings_sha256(first) == recordings_sha256(fast)
    assert not why_not_comparable([first, fast])
    assert recordings_sha256(first) != recordings_sha256(run(tmp_path, "more", train="more"))


def test_back_slashes_in_a_table_name_the_same_recordings(tmp_path: Path) -> None:
    write_tones(tmp_path / "train", 2, seed=1)
    first = run(tmp_path, "first")
    names = [str(one.relative_to(tmp_path / "train")) for one in tmp_path.glob("train/*/*.wav")]
    lines = [f"{name.replace('/', chr(92))},{name.partition('/')[0]}" for name in names]
    (tmp_path / "train/t.csv").write_text("\n".join(["file,class", *lines]), encoding="utf-8")
    columns = ", file_column: file, label_columns: [class]"
    file = tmp_path / "table.yaml"
    text = (tmp_path / "first.yaml").read_text(encoding="utf-8").replace("first", "table")
    text = text.replace("folders", "table").replace("/train}", f"/train/t.csv{columns}}}")
    file.write_text(text, encoding="utf-8")
    run_experiment(read_experiment(file), file, workers=1)
    assert not why_not_comparable([first, LabRun(tmp_path / "runs/table")])
