import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from model_build.__main__ import main
from tests.model_build.lab.tones import RATE_HZ, write_tones

LOGISTIC = """\
name: tones
data: {{layout: folders, path: {folder}/train, group_near_duplicates: true}}
front_end: {{chunk_seconds: 0.3, bands: 16}}
model: {{kind: logistic}}
validation: {{strategy: {strategy}, folds: {folds}}}
output: {{folder: {folder}/runs}}
"""


def run(folder: Path, folds: int, strategy: str = "k-fold") -> int:
    write_tones(folder / "train", 2, seed=1)
    file = folder / "tones.yaml"
    file.write_text(
        LOGISTIC.format(folder=folder, folds=folds, strategy=strategy), encoding="utf-8"
    )
    return main(["lab", "run", str(file), "--workers", "1"])


@pytest.mark.parametrize("strategy", ["k-fold", "group-k-fold"])
def test_too_few_recordings_for_the_folds_are_refused_before_any_is_inspected(
    strategy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, 9, strategy) == 2
    assert "9 folds need as many recordings; there are 6" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_a_silent_recording_is_scored_with_a_remark(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert run(tmp_path, folds=2) == 0
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros(RATE_HZ), RATE_HZ)
    assert main(["lab", "predict", str(tmp_path / "runs" / "tones"), str(silent)]) == 0
    assert f"\n{silent}," in capsys.readouterr().out
    assert caplog.messages[-1] == f"{silent}: silent, so its scores mean nothing"


def test_a_damaged_model_and_a_folder_as_output_are_one_line_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, folds=2) == 0
    capsys.readouterr()
    folder = tmp_path / "runs" / "tones"
    command = ["lab", "predict", str(folder), str(next(tmp_path.glob("train/*/*.wav")))]
    assert main([*command, "--output", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith(f"timbrel-build: {tmp_path}: Is a directory")
    model = folder / "model" / "model.joblib"
    for size in (model.stat().st_size // 2, 100, 0):
        model.write_bytes(model.read_bytes()[:size])
        assert main(command) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "model: " in line
        assert line.endswith("remove this folder and run the experiment again")


def test_the_name_of_a_file_that_is_not_utf_8_is_escaped(tmp_path: Path) -> None:
    assert run(tmp_path, folds=2) == 0
    odd = tmp_path / os.fsdecode(b"tr\xf6te.wav")
    next(tmp_path.glob("train/*/*.wav")).rename(odd)
    table = tmp_path / "scores.csv"
    run_folder = str(tmp_path / "runs" / "tones")
    assert main(["lab", "predict", run_folder, str(odd), "--output", str(table)]) == 0
    assert f"\n{tmp_path}/tr\\xf6te.wav," in table.read_text(encoding="utf-8")
