import shutil
from pathlib import Path

import pytest

from daemon.errors import InputError
from daemon.hearing.classifier import load_classifier
from daemon.hearing.model_file import Calibration
from model_build.recipe import read_recipe
from model_build.run_folder import RunFolder, write_json
from model_build.training.assemble import assemble, load_run_classifier
from model_build.training.operating_points import OperatingPoints
from model_build.training.quantization.quantize import quantize

POINTS = OperatingPoints(
    calibration=(Calibration(2.0, 0.5), Calibration(), Calibration(0.5, -1.0)),
    thresholds=(0.2, 0.3, 0.4),
    precision=(0.9, 0.9, 0.9),
    recall=(0.8, 0.8, 0.8),
)


def test_assembled_file_equals_the_classifier_that_was_measured(
    tmp_path: Path, pristine_training: Path
) -> None:
    run = RunFolder(Path(shutil.copytree(pristine_training, tmp_path / "run")))
    recipe = read_recipe(run.recipe)
    quantize(recipe, run)
    measured = load_run_classifier(recipe, run, POINTS)
    assert not run.model.exists()
    with pytest.raises(InputError, match="run timbrel-build thresholds first"):
        assemble(recipe, run)
    write_json(run.operating_points, POINTS)
    assemble(recipe, run, {"dev_room_top1": 0.5})
    read = load_classifier(run.model).contract
    assert (read.calibration, read.thresholds) == (POINTS.calibration, POINTS.thresholds)
    assert read.front_end == measured.contract.front_end
    assert read.patch_starts == measured.contract.patch_starts
    assert read.provenance.metrics == {"dev_room_top1": 0.5}
    assert read.provenance.corpus_sha256
    assert (read.contract_version, read.task) == (2, "families")
    assert read.outputs == {"families": "families"}
    assert read.embedding_id is None
    network = run.network.read_bytes()
    assert run.model.read_bytes()[: len(network)] == network
