import numpy as np

from model_build.lab.experiment import Data, Experiment, Model
from model_build.lab.features.truth import Truth
from model_build.lab.run.lab_run import Measured, Record
from model_build.lab.run.table import record_lines
from model_build.lab.validation.metrics import figures

HAS = np.array([[True, False], [False, True]])
SCORES = np.array([[0.4, 0.6], [0.1, 0.9]])


def lines(truth: Truth) -> str:
    found = figures(truth, SCORES)
    return record_lines(
        Record(
            experiment=Experiment(
                name="harps", data=Data(layout="corpus", path="corpus"), model=Model(kind="forest")
            ),
            seed=1,
            versions={},
            git=None,
            data_sha256="",
            classes=truth.classes,
            clips={"train": 2, "test": 0},
            left={},
            notes=[],
            validation=Measured(found, "accuracy", found.accuracy, None, []),
            random=None,
            test=None,
            seconds=1.0,
        )
    )


def test_the_accuracy_with_other_accepted_classes_is_beside_the_accuracy() -> None:
    truth = Truth(("string", "guitar"), HAS, np.ones_like(HAS))
    assert "accepted" not in lines(truth)
    both = lines(truth._replace(accepted=HAS | np.array([[True, True], [False, False]])))
    assert "accuracy 0.500" in both
    assert "with other accepted classes 1.000" in both
