from pathlib import Path

import pytest

from model_build.lab.page.training_curves import read_courses
from tests.model_build.lab.page.made_run import write_course


def test_batches_have_their_own_loss_again(tmp_path: Path) -> None:
    folder = tmp_path / "folds/k-fold-0"
    folder.mkdir(parents=True)
    # Keras gives the mean loss of an epoch so far.
    line = '{"epoch": 1, "loss": 3.0, "learning_rate": 0.1, "batches": [4.0, 3.0, 3.0]}\n'
    (folder / "epochs.jsonl").write_text(line)
    (course,) = read_courses(tmp_path)
    assert course.name == "k-fold-0"
    assert course.batch_loss == pytest.approx([4.0, 2.0, 3.0])
    assert course.validation_loss == [None]


def test_trainings_that_still_run_are_read(tmp_path: Path) -> None:
    write_course(tmp_path / "folds/k-fold-1/training-abc", epochs=3)
    write_course(tmp_path / "model", epochs=2)
    assert [(one.name, one.epochs) for one in read_courses(tmp_path)] == [
        ("k-fold-1", [1, 2, 3]),
        ("final model", [1, 2]),
    ]


def test_long_trainings_are_thinned(tmp_path: Path) -> None:
    write_course(tmp_path / "folds/k-fold-0", epochs=400)
    (course,) = read_courses(tmp_path)
    assert len(course.steps) <= 300
    assert course.steps[-1] == 1_600
