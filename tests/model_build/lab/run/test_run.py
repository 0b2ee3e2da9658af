import csv
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from daemon.errors import InputError
from model_build import progress
from model_build.__main__ import main
from model_build.lab.executor.pool import InThisProcess, Pool
from model_build.lab.experiment import Experiment, read_experiment
from model_build.lab.models.fit import fit
from model_build.lab.models.model import Fitted, TrainingSet
from model_build.lab.page.training_curves import read_courses
from model_build.lab.run import folds_run
from model_build.lab.run.lab_run import LabRun, Record
from model_build.lab.run.run import run_experiment as run_settings
from tests.model_build.lab.page.made_run import write_course
from tests.model_build.lab.tones import RATE_HZ, TONES_HZ, write_tones

FOREST = """\
name: tones
seed: 3
data:
  layout: folders
  path: {folder}/train
  group_pattern: '/(\\d)_'
front_end: {{chunk_seconds: 0.3}}
model: {{kind: forest, trees: 20}}
validation: {{strategy: group-k-fold, folds: 3}}
output: {{folder: {folder}/runs}}
"""


@pytest.fixture
def tones(tmp_path: Path) -> Path:
    write_tones(tmp_path / "train", 8, seed=1)
    return tmp_path


def experiment(folder: Path, more: str = "", old: str = "", new: str = "") -> Path:
    file = folder / "tones.yaml"
    text = FOREST.format(folder=folder).replace(old, new) if old else FOREST.format(folder=folder)
    file.write_text(text + more, encoding="utf-8")
    return file


def run_experiment(file: Path) -> Record:
    return run_settings(read_experiment(file), file, workers=1)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def run_of(folder: Path) -> LabRun:
    return LabRun(folder / "runs" / "tones")


def test_run_measures_recordings_that_the_models_were_not_trained_on(tones: Path) -> None:
    record = run_experiment(experiment(tones))
    assert record.classes == ("10", "2", "Äolsharfe")
    assert record.validation.value == 1.0
    assert record.validation.folds == [1.0, 1.0, 1.0]
    assert record.clips == {"train": 24, "test": 0}
    assert record.test is None
    predictions = rows(run_of(tones).predictions)
    assert len(predictions) == 24
    folds: dict[str, set[str]] = {}
    for row in predictions:
        folds.setdefault(row["group"], set()).add(row["fold"])
        assert row["predicted"] == row["labels"]
        assert float(row[row["labels"]]) > 0.5
    assert all(len(numbers) == 1 for numbers in folds.values()), "a group is in one fold"


def test_record_has_what_is_needed_to_repeat_the_run(tones: Path) -> None:
    made = run_experiment(experiment(tones))
    read = run_of(tones).read_record()
    assert read == made
    assert read.seed == 3
    assert {"python", "numpy", "scikit-learn"} <= set(read.versions)
    assert len(read.data_sha256) == 64
    assert (run_of(tones).folder / "experiment.yaml").read_text() == experiment(tones).read_text()


def test_the_same_seed_gives_the_same_figures(tones: Path, tmp_path: Path) -> None:
    def scores(folder: str, seed: int) -> str:
        file = experiment(tones, old="/runs", new=f"/{folder}")
        file.write_text(file.read_text().replace("seed: 3", f"seed: {seed}"))
        run_experiment(file)
        return LabRun(tmp_path / folder / "tones").predictions.read_text()

    assert scores("first", 3) == scores("second", 3)
    assert scores("third", 4) != scores("first", 3)


def test_a_drawn_seed_is_recorded(tones: Path) -> None:
    file = experiment(tones, old="seed: 3", new="seed: -1")
    first, second = (run_experiment(file).seed for _ in range(2))
    assert first >= 0
    assert first != second


def test_an_interrupted_run_continues(tones: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = experiment(tones, old="seed: 3", new="seed: -1")
    fitted: list[int] = []
    most = 2

    def counted(settings: Experiment, data: TrainingSet, *, seed: int, folder: Path) -> Fitted:
        if len(fitted) == most:
            raise KeyboardInterrupt
        fitted.append(seed)
        return fit(settings, data, seed=seed, folder=folder)

    monkeypatch.setattr(folds_run, "fit", counted)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(file)
    seed = fitted[0]
    fitted.clear()
    most = 10
    record = run_experiment(file)
    assert record.seed == seed
    assert fitted == [seed + 2, seed + 1_000], "only the last fold and the final model"
    assert record.validation.figures.clips == 24


def test_an_earlier_state_of_the_experiment_shows_no_curves(
    tones: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_experiment(experiment(tones))
    run = run_of(tones)
    for folder in (run.model, *(run.fold("group-k-fold", n) for n in range(3))):
        write_course(folder, epochs=2)
    seen = []

    def counted(settings: Experiment, data: TrainingSet, *, seed: int, folder: Path) -> Fitted:
        seen.append([course.name for course in read_courses(run.folder)])
        return fit(settings, data, seed=seed, folder=folder)

    monkeypatch.setattr(folds_run, "fit", counted)
    run_experiment(experiment(tones))
    assert seen == []
    run_experiment(experiment(tones, old="folds: 3", new="folds: 2"))
    assert seen == [[], [], []]
    assert not run.fold("group-k-fold", 2).exists()


def test_an_interrupted_command_says_how_to_continue(
    tones: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_arguments: object, seed: int, folder: Path) -> Fitted:
        raise KeyboardInterrupt(seed, folder)

    monkeypatch.setattr(folds_run, "fit", interrupted)
    assert main(["lab", "run", str(experiment(tones)), "--workers", "1"]) == 130
    assert "interrupted; run the same command to continue" in capsys.readouterr().err


def test_test_recordings_have_a_figure_of_their_own(tones: Path) -> None:
    write_tones(tones / "test", 2, seed=2)
    file = experiment(tones, old="/train", new=f"/train\n  test_path: {tones}/test")
    record = run_experiment(file)
    assert record.test is not None
    assert record.test.value == 1.0
    assert record.test.figures.clips == 6
    assert len(rows(run_of(tones).test_predictions)) == 6
    (tones / "test/2").rename(tones / "test/2a")
    record = run_experiment(file)
    assert record.test is None
    assert any("no test figure" in note and "'2a'" in note for note in record.notes)


def test_leak_check_shows_folds_at_random_beside_grouped_ones(tmp_path: Path) -> None:
    # Each player has a pitch of its own, and plays nearly the same sound twice: at random, the
    # model has heard every test sound before.
    rng = np.random.default_rng(1)
    seconds = np.arange(RATE_HZ // 2) / RATE_HZ
    for player in range(8):
        label = "ab"[player % 2]
        hz = 300.0 * 1.4 ** ((player * 3) % 8)
        (tmp_path / "train" / label).mkdir(parents=True, exist_ok=True)
        for n in range(5):
            sound = 0.2 * np.sin(2 * np.pi * hz * seconds) + 0.001 * rng.normal(size=len(seconds))
            soundfile.write(tmp_path / "train" / label / f"{player}_{n}.wav", sound, RATE_HZ)
    file = experiment(tmp_path, old="folds: 3", new="folds: 4, leak_check: true")
    record = run_experiment(file)
    assert record.random is not None
    assert record.random.value == 1.0
    assert record.validation.value is not None
    assert record.validation.value < 0.8


def test_leak_check_notes_test_recordings_that_are_near_duplicates(tones: Path) -> None:
    sound, rate = soundfile.read(tones / "train/10/0_0.wav")
    write_tones(tones / "test", 3, seed=9)
    soundfile.write(tones / "test/10/quieter.flac", 0.5 * sound, rate)
    file = experiment(tones, old="folds: 3", new="folds: 3, leak_check: true")
    file.write_text(file.read_text().replace("path:", f"test_path: {tones}/test\n  path:"))
    (note,) = [one for one in run_experiment(file).notes if "in training and in the test" in one]
    assert "10/quieter.flac" in note


def test_progress_of_the_models_is_shown_if_their_lines_are_not(
    tones: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_LINE_SECONDS", 0.0)
    file = experiment(tones)
    run_settings(read_experiment(file), file, workers=Pool(InThisProcess(), 1, is_remote=True))
    assert "models: 100 %, 4 of 4" in capsys.readouterr().err


def several_labels(tones: Path) -> tuple[Path, str]:
    """Return the file of an experiment with a table of several labels, and its text."""
    names = [f"{label}/{n % 4}_{n}.wav" for label in TONES_HZ for n in range(8)]
    lines = [f"{name},{name.split('/')[0]}" for name in names]
    (tones / "labels.csv").write_text("file,labels\n" + "\n".join(lines), encoding="utf-8")
    file = experiment(tones)
    text = file.read_text().replace("layout: folders", "layout: table\n  multi_label: true")
    text = text.replace(
        "/train\n", "/labels.csv\n  file_column: file\n  label_columns: [labels]\n", 1
    )
    return file, text


def test_several_labels_are_compared_by_a_figure_that_they_have(tones: Path) -> None:
    file, text = several_labels(tones)
    file.write_text(text)
    validation = run_experiment(file).validation
    assert validation.metric == "roc_auc_macro"
    assert validation.value is not None
    assert validation.value > 0.9


def test_thresholds_are_chosen_on_out_of_fold_scores(
    tones: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, text = several_labels(tones)
    file.write_text(text.replace("/runs}", "/runs, thresholds: best-f1}"))
    record = run_experiment(file)
    assert record.thresholds is not None
    assert record.used_thresholds == tuple(record.thresholds)
    for name, threshold in zip(record.classes, record.thresholds, strict=True):
        scored = [
            (float(row[name]), name in row["labels"]) for row in rows(run_of(tones).predictions)
        ]
        best = sum((score >= threshold) == has for score, has in scored)
        assert best >= sum((score >= 0.5) == has for score, has in scored)
    run = run_of(tones)
    strict = msgspec.structs.replace(record, thresholds=[0.0, 1.1, 1.1])
    run.record.write_bytes(msgspec.json.encode(strict))
    sound = str(tones / "train" / "2" / "0_0.wav")
    capsys.readouterr()
    assert main(["lab", "predict", str(run.folder), sound]) == 0
    assert capsys.readouterr().out.splitlines()[1].split(",")[1] == "10", "the others are too high"


def test_a_network_runs_with_several_labels(tones: Path) -> None:
    file, text = several_labels(tones)
    text = text.replace(
        "{kind: forest, trees: 20}", "{kind: mlp}\ntraining: {epochs: 15, batch_chunks: 4}"
    )
    text = text.replace("folds: 3}", "folds: 3, metric: f1_micro}")
    file.write_text(text)
    record = run_experiment(file)
    assert record.validation.figures.accuracy is None
    assert record.validation.value is not None
    assert record.validation.value > 0.8


def test_predict_has_the_classes_in_the_order_of_the_run(
    tones: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lab", "run", str(experiment(tones)), "--workers", "1"]) == 0
    assert "accuracy 1.000 [1.000, 1.000]" in capsys.readouterr().out
    run, table = run_of(tones).folder, tones / "scores.csv"
    sounds = [str(tones / "train" / label / "0_0.wav") for label in ("Äolsharfe", "10")]
    broken = tones / "broken.wav"
    broken.write_text("<html>")
    arguments = ["lab", "predict", str(run), *sounds, str(broken), "--output", str(table)]
    assert main(arguments) == 2
    assert "broken.wav" in capsys.readouterr().err
    found = rows(table)
    assert list(found[0]) == ["file", "predicted", "10", "2", "Äolsharfe"]
    assert [row["predicted"] for row in found] == ["Äolsharfe", "10"]
    assert main(["lab", "compare", str(run)]) == 0
    assert "tones  forest  accuracy  1.000 [1.000, 1.000]" in capsys.readouterr().out


def test_a_run_that_is_not_finished_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no finished run"):
        LabRun(tmp_path).read_record()


def test_recordings_without_groups_are_noted(tones: Path) -> None:
    file = experiment(tones, old="  group_pattern: '/(\\d)_'\n", new="")
    file.write_text(file.read_text().replace("group-k-fold", "k-fold"))
    record: Record = run_experiment(file)
    assert any("have no groups" in note for note in record.notes)


def test_a_run_can_be_repeated_from_its_own_folder(tones: Path) -> None:
    made = run_experiment(experiment(tones))
    copy = run_of(tones).folder / "experiment.yaml"
    text = copy.read_text()
    assert run_experiment(copy).validation == made.validation
    assert copy.read_text() == text


def test_predict_refuses_a_run_without_a_model(
    tones: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_experiment(experiment(tones))
    (run_of(tones).model / "model.joblib").unlink()
    sound = str(next((tones / "train").rglob("*.wav")))
    assert main(["lab", "predict", str(run_of(tones).folder), sound]) == 2
    assert "remove this folder and run the experiment again" in capsys.readouterr().err


def test_test_scores_do_not_outlive_the_test_recordings(tones: Path) -> None:
    write_tones(tones / "test", 2, seed=2)
    run_experiment(experiment(tones, old="  group", new=f"  test_path: {tones}/test\n  group"))
    assert run_of(tones).test_predictions.is_file()
    run_experiment(experiment(tones))
    assert not run_of(tones).test_predictions.exists()
