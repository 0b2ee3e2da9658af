from pathlib import Path

import numpy as np
from matplotlib.image import imread

from model_build.lab.cam.cam_list import read_cams
from model_build.lab.cam.chosen import Chosen, chosen
from model_build.lab.experiment import read_experiment
from model_build.lab.features.truth import Truth
from model_build.lab.run.lab_run import LabRun
from model_build.lab.run.run import run_experiment
from model_build.lab.validation.metrics import predicted
from tests.model_build.lab.tones import write_tones


def test_the_clearest_hits_and_mistakes_are_chosen() -> None:
    has = np.eye(2, dtype=np.bool_)[[0, 0, 0, 1, 1]]
    scores = np.array([[0.6, 0.4], [0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.7, 0.3]])
    result = predicted(Truth(("a", "b"), has, np.ones_like(has)), scores, None)
    assert chosen(result, 1) == [
        Chosen(1, "right", [0]),
        Chosen(3, "right", [1]),
        Chosen(2, "mistake", [1, 0]),
    ]
    assert chosen(result, 5)[-1] == Chosen(4, "mistake", [0, 1])


def test_unknown_labels_are_no_mistakes() -> None:
    has = np.array([[True, False], [False, True]])
    known = np.array([[True, False], [True, True]])
    scores = np.array([[0.9, 0.9], [0.8, 0.4]])
    result = predicted(Truth(("a", "b"), has, known), scores, 0.5)
    assert chosen(result, 5) == [Chosen(0, "right", [0]), Chosen(1, "mistake", [0, 1])]


def test_a_run_has_pictures_of_its_validation_recordings(tmp_path: Path) -> None:
    write_tones(tmp_path / "train", 2, seed=1)
    file = tmp_path / "shown.yaml"
    file.write_text(
        f"name: shown\ndata: {{layout: folders, path: {tmp_path}/train}}\n"
        "front_end: {chunk_seconds: 0.3, bands: 16}\n"
        "model: {kind: mel-cnn, filters: [4]}\ntraining: {epochs: 1}\n"
        f"validation: {{folds: 2}}\noutput: {{folder: {tmp_path}/runs, cam: cam, cam_clips: 1}}\n"
    )
    run_experiment(read_experiment(file), file, 1)
    run = LabRun(tmp_path / "runs" / "shown")
    cams = [cam for fold in range(2) for cam in read_cams(run.fold("k-fold", fold))]
    assert {cam.kind for cam in cams} <= {"right", "mistake"}
    assert cams
    for cam in cams:
        assert cam.label in ("10", "2", "Äolsharfe")
        assert imread(run.pictures / cam.picture).shape[:2] == (240, 480)
