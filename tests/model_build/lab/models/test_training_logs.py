"""Training is also logged to TensorBoard and MLflow, if their packages are installed."""

from pathlib import Path

import msgspec
import pytest

from daemon.errors import InputError
from model_build.lab.experiment import Experiment, Model, Output, Training
from model_build.lab.experiment.data import Data
from model_build.lab.models.fitting import fit_network
from model_build.lab.models.training_logs import check_packages
from tests.model_build.lab.models.made_chunks import made


def fitted(folder: Path, log_to: str, name: str = "logged", training: str = "training-1") -> None:
    experiment = Experiment(
        name=name,
        data=Data(layout="folders", path="anywhere"),
        model=Model(kind="mlp", units=(4,)),
        training=msgspec.convert({"epochs": 2, "log_to": [log_to]}, Training),
        output=Output(folder=str(folder)),
    )
    place = folder / name / "folds/k-fold-0" / training
    fit_network(experiment, made(24), seed=7, folder=place)


def test_tensorboard_reads_the_loss_of_each_epoch(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="needs the tensorboard extra")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    fitted(tmp_path, "tensorboard")
    (folder,) = (tmp_path / "logged/tensorboard/folds/k-fold-0").iterdir()
    found = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    found.Reload()
    assert [event.step for event in found.Tensors("epoch_loss")] == [0, 1]


def test_mlflow_keeps_the_settings_and_the_losses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow = pytest.importorskip("mlflow", reason="needs the mlflow extra")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    fitted(tmp_path, "mlflow")
    fitted(tmp_path, "mlflow", training="training-2")
    client = mlflow.MlflowClient((tmp_path / "mlruns").as_uri())
    experiment = client.get_experiment_by_name("logged")
    runs = client.search_runs([experiment.experiment_id])
    assert [run.info.status for run in runs] == ["FINISHED"] * 2
    assert runs[0].data.params["training.epochs"] == "2"
    assert runs[0].info.run_name == "logged, seed 7"
    history = client.get_metric_history(runs[0].info.run_id, "loss")
    assert [entry.step for entry in history] == [1, 2]


@pytest.mark.parametrize(
    ("log_to", "package"), [("tensorboard", "tensorboard"), ("mlflow", "mlflow-skinny")]
)
def test_missing_package_is_named_with_the_remedy(
    log_to: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model_build.lab.models.training_logs.find_spec", lambda _: None)
    with pytest.raises(InputError) as caught:
        check_packages([log_to])
    (line,) = caught.value.lines
    assert line.startswith(f"training.log_to: {log_to} needs the package {package}; ")
    assert line.endswith(f"-m pip install {package}, or leave it out")


def test_without_log_to_nothing_is_needed() -> None:
    check_packages([])
