from pathlib import Path

import pytest

from model_build.__main__ import main
from tests.model_build.lab.tones import write_tones

EXPERIMENT = """\
name: tones
data: {{layout: folders, path: {folder}/train}}
front_end: {{chunk_seconds: 0.3, bands: 16}}
model: {{kind: forest, trees: 10}}
validation: {{folds: 2}}
output: {{folder: {folder}/runs}}
"""


def test_a_run_needs_two_classes_whose_recordings_can_be_decoded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tones(tmp_path / "train", 2, seed=1)
    first, *others = sorted((tmp_path / "train").iterdir())
    for sound in (file for folder in others for file in folder.iterdir()):
        sound.write_text("not a sound")
    file = tmp_path / "tones.yaml"
    file.write_text(EXPERIMENT.format(folder=tmp_path), encoding="utf-8")
    assert main(["lab", "run", str(file), "--workers", "1"]) == 2
    said = capsys.readouterr().err
    assert f"all training recordings have the class '{first.name}'" in said
    assert "left out: broken: 4" in said
