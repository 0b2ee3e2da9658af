import json
import re
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

pytest.importorskip("plotly", reason="needs the lab extra")

from daemon.errors import InputError
from model_build.__main__ import main
from model_build.lab.ablation.ablation import Ablation, Part
from model_build.lab.cam.cam_list import Cam, save_list
from model_build.lab.experiment import Ablated, read_experiment
from model_build.lab.page.scored import read_scored
from model_build.lab.page.write import write_comparison, write_run_page
from model_build.lab.run.lab_run import LabRun, write_struct
from model_build.lab.run.run import run_experiment
from model_build.lab.search.found import Found, Trial
from model_build.lab.search.table import search_notes
from tests.model_build.lab.page.made_run import write_experiment, write_run, write_tested

SCRIPT = re.compile(r'<script type="application/json" id="contents">(.*?)</script>', re.DOTALL)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> LabRun:
    run = write_run(tmp_path_factory.mktemp("page"))
    write_run_page(run, workers=1)
    return run


def contents(page: Path) -> Any:
    (text,) = SCRIPT.findall(page.read_text(encoding="utf-8"))
    return json.loads(text)


def test_page_has_every_validation_recording_with_its_files(run: LabRun) -> None:
    runs = run.folder.parent
    shown = contents(runs / "drums.html")
    clips = shown["clips"]
    assert len(clips["names"]) == len(clips["scores"]) == len(clips["labels"]) == 64
    for sound, picture, _seconds in clips["files"]:
        assert (runs / "clips" / sound).is_file()
        assert (runs / "clips" / picture).is_file()
    assert shown["recipe"] == (run.folder / "experiment.yaml").read_text()
    assert [one["name"] for one in shown["courses"]] == ["group-k-fold-0", "group-k-fold-1"]
    assert shown["model"]["files"][0]["name"] == "model/model.joblib"
    assert shown["record"]["leak"]["clips"] == 64


def test_page_has_size_and_time_of_a_model_that_the_box_can_run(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="needs the build extra")
    file = write_experiment(tmp_path)
    file.write_text(file.read_text().replace("forest, trees: 10", "logistic"))
    run_experiment(read_experiment(file), file, workers=1)
    page = write_run_page(LabRun(tmp_path / "runs" / "drums"), workers=1)
    (size_name, size), (time_name, time) = contents(page)["model"]["cost"]
    assert size_name == "As int8 TFLite"
    assert re.fullmatch(r"[\d.]+ kB", size)
    assert time_name == "CPU of a chunk on the box's runtime"
    assert re.fullmatch(r"\d+\.\d\d ms on this machine", time)


def test_test_recordings_are_shown_beside_those_of_the_folds(run: LabRun, tmp_path: Path) -> None:
    shown = contents(write_run_page(write_tested(run, tmp_path / "drums"), workers=1))
    clips = shown["clips"]
    assert clips["folds"][64:] == ["test"] * 10
    assert clips["predicted"][64:] == clips["predicted"][:10]
    assert len(clips["files"]) == len(clips["wrong"]) == 74
    # The corpus has no test side, so there is nothing to play; the curves are those of validation.
    assert clips["files"][64:] == [None] * 10
    assert shown["curves"] == contents(run.folder.parent / "drums.html")["curves"]


def test_names_cannot_become_markup(run: LabRun, tmp_path: Path) -> None:
    record = run.read_record()
    evil = "</script><script>alert(1)</script>"
    experiment = msgspec.structs.replace(record.experiment, name="drums")
    changed = msgspec.structs.replace(record, experiment=experiment, notes=[evil])
    copy = LabRun(tmp_path / "drums")
    copy.folder.mkdir()
    copy.record.write_bytes(msgspec.json.encode(changed))
    copy.predictions.write_bytes(run.predictions.read_bytes())
    page = write_run_page(copy, workers=1)
    assert evil not in page.read_text()
    assert contents(page)["record"]["notes"] == [evil]


def test_pages_of_recordings_that_are_gone_have_no_sound(run: LabRun, tmp_path: Path) -> None:
    record = run.read_record()
    data = msgspec.structs.replace(record.experiment.data, path=str(tmp_path / "gone"))
    experiment = msgspec.structs.replace(record.experiment, data=data)
    copy = LabRun(tmp_path / "drums")
    copy.folder.mkdir()
    copy.record.write_bytes(
        msgspec.json.encode(msgspec.structs.replace(record, experiment=experiment))
    )
    copy.predictions.write_bytes(run.predictions.read_bytes())
    clips = contents(write_run_page(copy, workers=1))["clips"]
    assert clips["files"] == [None] * 64
    assert sum(map(len, clips["labels"])) == 64


def test_index_has_the_runs_with_a_page(run: LabRun) -> None:
    (summary,) = contents(run.folder.parent / "index.html")["runs"]
    assert summary["page"] == "drums.html"
    assert summary["figures"]["hamming_loss"] < 0.2
    assert set(summary["classes"]) == {"kick", "snare", "open_hat", "closed_hat"}


def test_runs_of_several_folders_are_compared(run: LabRun, tmp_path: Path) -> None:
    copy = tmp_path / "other/drums-again"
    copy.mkdir(parents=True)
    for file in (run.record, run.predictions):
        (copy / file.name).write_bytes(file.read_bytes())
    page = write_comparison([run.folder, copy], workers=1)
    assert page == run.folder.resolve().parent / "comparison.html"
    shown = contents(page)
    assert shown["chosen"] == ["drums", "drums-again"]
    assert (page.parent / shown["runs"][1]["page"]).is_file()
    same = copy.rename(copy.with_name("drums"))
    (same / "summary.json").unlink()
    shown = contents(write_comparison([run.folder, same], workers=1))
    assert shown["chosen"] == [str(run.folder), str(same)]


def test_a_damaged_table_is_one_clear_line(run: LabRun, tmp_path: Path) -> None:
    copy = LabRun(tmp_path / "drums")
    copy.folder.mkdir()
    copy.record.write_bytes(run.record.read_bytes())
    copy.predictions.write_text("name\nnothing")
    with pytest.raises(InputError, match=r"predictions\.csv: .*run the experiment again"):
        write_run_page(copy, workers=1)


def test_data_command_writes_a_page(
    run: LabRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_experiment(tmp_path)
    assert main(["lab", "data", str(file), "--workers", "1"]) == 0
    assert "sounds that occur more than once" in capsys.readouterr().out
    shown = contents(tmp_path / "runs/drums-data.html")
    assert len(shown["rows"]) == 64
    assert sum(row["files"] is not None for row in shown["rows"]) >= 16
    assert run.folder != tmp_path
    assert contents(tmp_path / "runs/index.html")["runs"] == [], "the page links to it"


def test_maps_of_classes_are_copied_beside_their_recording(run: LabRun, tmp_path: Path) -> None:
    copy = LabRun(tmp_path / "drums")
    shutil.copytree(run.folder, copy.folder)
    copy.pictures.mkdir()
    (copy.pictures / "a-1.png").write_bytes(b"picture")
    cam = Cam("kick-2.wav", 0.0, "right", "kick", 0.9, "a-1.png")
    missing = msgspec.structs.replace(cam, picture="missing.png")
    save_list(copy.fold("group-k-fold", 0), [cam, missing])
    clips = contents(write_run_page(copy, workers=1))["clips"]
    row = clips["names"].index("kick-2.wav")
    assert clips["cams"] == {str(row): [[1, "drums-cam-a-1.png"]]}
    assert (tmp_path / "clips/drums-cam-a-1.png").read_bytes() == b"picture"


def test_search_and_ablation_are_shown_if_they_are_of_this_run(run: LabRun, tmp_path: Path) -> None:
    copy = LabRun(tmp_path / "drums")
    shutil.copytree(run.folder, copy.folder)
    trials = [Trial({"model.trees": trees}, value, None) for trees, value in ((3, 0.5), (9, None))]
    found = Found("random", "accuracy", 60, trials, 0)
    ablated = Ablated(remove=("model.trees",))
    write_struct(copy.folder / "search.json", found)
    parts = [Part("trees", ablated, 0.4, -0.1, (-0.2, 0.1))]
    write_struct(copy.folder / "ablation.json", Ablation("accuracy", 0.5, parts))
    shown = contents(write_run_page(copy, workers=1))
    assert (shown["search"], shown["ablation"]) == (None, None)

    record = copy.read_record()
    experiment = msgspec.structs.replace(record.experiment, ablate={"trees": ablated})
    notes = [*search_notes(found), *record.notes]
    write_struct(copy.record, msgspec.structs.replace(record, experiment=experiment, notes=notes))
    shown = contents(write_run_page(copy, workers=1))
    assert [row["values"] for row in shown["search"]["rows"]] == [
        "model.trees: 3",
        "model.trees: 9",
    ]
    assert [row["best"] for row in shown["search"]["rows"]] == [True, False]
    assert shown["ablation"]["rows"][0]["difference"] == -0.1
    assert shown["ablation"]["rows"][0]["change"] == "no model.trees"


def test_test_recordings_of_the_same_name_are_not_shown(run: LabRun, tmp_path: Path) -> None:
    record = run.read_record()
    folder = tmp_path / "corpus"
    shutil.copytree(run.folder.parent.parent / "corpus", folder)
    manifest = folder / "manifest.csv"
    head, *lines = manifest.read_text().splitlines()
    moved = [line.replace("train", "dev") if "kick-0" in line else line for line in lines]
    assert moved != lines
    manifest.write_text("\n".join([head, *moved]) + "\n")
    data = msgspec.structs.replace(record.experiment.data, path=str(folder))
    experiment = msgspec.structs.replace(record.experiment, data=data)
    scored = read_scored(run, msgspec.structs.replace(record, experiment=experiment))
    assert [one.name for one in scored.examples if not one.file] == ["kick-0.wav"]
