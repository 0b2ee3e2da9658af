"""The experiments in configs/lab run on samples of their data sets' layouts."""

from pathlib import Path

import msgspec
import pytest

from model_build.lab.executor.pool import InThisProcess, Pool
from model_build.lab.experiment import Experiment, read_experiment
from model_build.lab.experiment.changes import Changes
from model_build.lab.run.lab_run import LabRun
from model_build.lab.run_file import run_file
from tests.conftest import ROOT, YAMNET, named
from tests.model_build.corpus.formats.samples import needs_samples, sample
from tests.model_build.lab.drum_corpus import write_drum_corpus

FILES = sorted((ROOT / "configs" / "lab").glob("*.yaml"))


def sampled(file: Path, folder: Path) -> Experiment:
    match file.stem.partition("-")[0]:
        case "h2o":
            tables = sample("filename_class")
            changes = Changes(
                tables / "Metadata_Train.csv", tables / "Metadata_Test.csv", is_sample=True
            )
        case "drums" | "phrases":
            changes = Changes(write_drum_corpus(folder / "corpus"), is_sample=True)
        case name:
            folders = {"fsdkaggle": "fsdkaggle2018"}
            changes = Changes(sample(folders.get(name, name)), is_sample=True)
    experiment = changes.read(file)
    kinds = ("drum",) if experiment.data.layout == "corpus" else experiment.data.kinds
    data = msgspec.structs.replace(
        experiment.data, audio_folder="", test_audio_folder="", kinds=kinds
    )
    output = msgspec.structs.replace(experiment.output, folder=str(folder / "runs"))
    return msgspec.structs.replace(experiment, data=data, output=output)


def test_names_are_those_of_the_files() -> None:
    assert len(FILES) == 18
    assert [read_experiment(file).name for file in FILES] == [file.stem for file in FILES]


@needs_samples
@pytest.mark.timeout(840)  # ResNet50 takes minutes beside other tests
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_runs_on_a_sample(file: Path, tmp_path: Path) -> None:
    experiment = sampled(file, tmp_path)
    if experiment.model.trunk_of == "yamnet":
        trunk = str(named("TIMBREL_YAMNET", YAMNET, "YAMNet's .tflite"))
        model = msgspec.structs.replace(experiment.model, trunk_file=trunk)
        experiment = msgspec.structs.replace(experiment, model=model)
    report = run_file(experiment, file, Pool(InThisProcess(), 1))
    folder = tmp_path / "runs" / f"{file.stem}-sample"
    record = LabRun(folder).read_record()
    assert f"{file.stem}-sample: " in report
    is_partial = experiment.validation.strategy == "hold-out" or experiment.validation.chosen_folds
    if not is_partial:
        assert record.clips["train"] == record.validation.figures.clips
    assert record.validation.figures.hamming_loss is not None
    assert record.validation.interval is not None
    more = {"search": "search.json", "pruned": "cams", "ablation": "ablation.json"}
    assert (folder / more.get(file.stem.rpartition("-")[2], "run.json")).exists()
    if file.stem.startswith("h2o"):
        assert record.test is not None
        assert record.test.figures.clips == 16
