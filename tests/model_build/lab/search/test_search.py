from pathlib import Path
from typing import Any

import msgspec
import pytest

from daemon.errors import InputError
from model_build.__main__ import main
from model_build.lab.experiment import Experiment, read_experiment
from model_build.lab.models.fit import fit
from model_build.lab.models.model import Fitted, TrainingSet
from model_build.lab.run import folds_run
from model_build.lab.run.lab_run import LabRun
from model_build.lab.search.found import Found
from model_build.lab.search.search import search
from tests.model_build.lab.tones import write_tones

FOREST = """\
name: searched
data: {{layout: folders, path: {folder}/train, group_pattern: '/(\\d)_'}}
front_end: {{chunk_seconds: 0.3, bands: 16}}
model: {{kind: forest, trees: 3}}
validation: {{strategy: group-k-fold, folds: 3}}
output: {{folder: {folder}/runs}}
search: {{trials: 4, held_out: 0.25, space: {space}}}
"""


def written(folder: Path, space: str = "{front_end.bands: [4, 8], model.trees: [2, 3, 4]}") -> Path:
    write_tones(folder / "train", 4, seed=1)
    file = folder / "searched.yaml"
    file.write_text(FOREST.format(folder=folder, space=space), encoding="utf-8")
    return file


def test_the_best_trial_becomes_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path)
    assert main(["lab", "run", str(file), "--workers", "1"]) == 0
    folder = tmp_path / "runs" / "searched"
    found = msgspec.json.decode((folder / "search.json").read_bytes(), type=Found)
    assert len(found.trials) == 4
    assert found.best is not None
    values = [trial.value for trial in found.trials]
    assert None not in values
    best = found.trials[found.best]
    assert best.value == max(value for value in values if value is not None)
    again = read_experiment(folder / "best.yaml")
    assert again.front_end.bands == best.values["front_end.bands"]
    record = LabRun(folder).read_record()
    assert record.experiment == again
    assert record.clips["train"] == 12
    assert found.held_out is not None
    assert (found.clips, found.held_out.figures.clips) == (9, 3)
    assert record.notes[1].startswith("on 3 recordings that no trial got: accuracy ")
    out = capsys.readouterr().out
    assert "search: 4 trials by accuracy, on 9 recordings" in out
    assert "the validation figures are too good" in out


def test_an_interrupted_search_continues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path)
    fitted: list[int] = []
    most = 5

    def counted(settings: Experiment, data: TrainingSet, **options: Any) -> Fitted:
        if len(fitted) == most:
            raise KeyboardInterrupt
        fitted.append(options["seed"])
        return fit(settings, data, **options)

    monkeypatch.setattr(folds_run, "fit", counted)
    with pytest.raises(KeyboardInterrupt):
        search(read_experiment(file), file, 1)
    kept = tmp_path / "runs" / "searched" / "search.json"
    assert len(msgspec.json.decode(kept.read_bytes(), type=Found).trials) == 1
    assert (tmp_path / "runs" / "searched" / "best.yaml").is_file()
    fitted.clear()
    most = 1_000
    found, _ = search(read_experiment(file), file, 1)
    assert len(found.trials) == 4
    # Four trials of three folds of which five are kept, the held-out figure, and the run.
    assert len(fitted) == 4 * 3 - 5 + 1 + 3 + 1


def test_trials_that_cannot_work_are_counted_but_not_chosen(tmp_path: Path) -> None:
    space = "{front_end.bands: [4], front_end.high_hz: [200, 4000], front_end.low_hz: [125, 1000]}"
    file = written(tmp_path, space)
    found, record = search(read_experiment(file), file, 1)
    problems = [trial.problem for trial in found.trials if trial.value is None]
    assert [problem.rpartition(": ")[2] for problem in problems] == ["low_hz must be below high_hz"]
    assert len(found.trials) == 4
    assert record.experiment.front_end.high_hz == 4_000


def test_a_search_in_which_no_trial_works_says_why(tmp_path: Path) -> None:
    file = written(tmp_path, "{front_end.chunk_seconds: [0.3]}")
    file.write_text(file.read_text().replace("folds: 3", "folds: 4"))
    with pytest.raises(InputError, match="no trial has a figure: validation: 4 folds need"):
        search(read_experiment(file), file, 1)
