import io
import shutil
from pathlib import Path

import msgspec
import pytest

from daemon.errors import InputError
from daemon.hearing.classifier import BUILT_IN_MODEL
from model_build import stages
from model_build.__main__ import main
from model_build.report.built_in import comparison, read_figures, replace
from model_build.run_folder import RunFolder, write_json


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A run whose model is the built-in one with another figure."""
    run = RunFolder(tmp_path / "run")
    run.folder.mkdir()
    shutil.copyfile(BUILT_IN_MODEL, run.model)
    figures = read_figures(BUILT_IN_MODEL)
    metrics = {**figures.metrics, "dev_room_top1": 0.75}
    write_json(
        run.model_figures,
        msgspec.structs.replace(figures, model="timbrel-other 2", metrics=metrics),
    )
    return run


@pytest.fixture
def built_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the built-in model, in the place where the commands expect it."""
    copy = tmp_path / "models" / "timbrel.tflite"
    copy.parent.mkdir()
    shutil.copyfile(BUILT_IN_MODEL, copy)
    shutil.copyfile(BUILT_IN_MODEL.with_suffix(".json"), copy.with_suffix(".json"))
    monkeypatch.setattr(stages, "BUILT_IN_MODEL", copy)
    return copy


def test_yes_option_shows_figures_and_replaces_model(
    run: RunFolder, built_in: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replace-built-in", str(run.folder), "--yes"]) == 0
    shown = capsys.readouterr().out
    head, *rows = shown.splitlines()
    assert "built-in: timbrel-default" in head
    assert "new: timbrel-other 2" in head
    (row,) = [row.split() for row in rows if row.startswith("dev_room_top1")]
    assert row == ["dev_room_top1", "0.8652", "0.75", "-0.1152"]
    assert read_figures(built_in).model == "timbrel-other 2"
    assert [file.name for file in sorted(built_in.parent.iterdir())] == [
        "timbrel.json",
        "timbrel.tflite",
    ]


def test_replaces_nothing_without_confirmation(
    run: RunFolder,
    built_in: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert main(["replace-built-in", str(run.folder)]) == 2
    assert "nothing was replaced: confirm with --yes" in capsys.readouterr().err
    assert read_figures(built_in).model != "timbrel-other 2"


def test_replaces_nothing_with_a_damaged_model(run: RunFolder, built_in: Path) -> None:
    run.model.write_bytes(run.model.read_bytes()[:-4000])
    with pytest.raises(InputError, match="model file"):
        replace(run.model, built_in)
    assert built_in.read_bytes() == BUILT_IN_MODEL.read_bytes()
    assert read_figures(built_in).model != "timbrel-other 2"


def test_comparison_warns_of_different_corpora() -> None:
    old = read_figures(BUILT_IN_MODEL)
    new = msgspec.structs.replace(old, corpus_sha256="other", metrics={"dev_new": 1.0})
    text = comparison(old, new)
    assert "different corpora" in text
    assert "different corpora" not in comparison(old, old)
    (row,) = [line.split() for line in text.splitlines() if line.startswith("dev_new")]
    assert row == ["dev_new", "-", "1", "-"]


def test_missing_figures_raise_with_path(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"model\.json: no such file; timbrel-build all"):
        read_figures(tmp_path / "model.tflite")
