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
