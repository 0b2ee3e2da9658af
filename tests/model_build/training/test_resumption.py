from pathlib import Path

import pytest

from model_build.run_folder import RunFolder
from model_build.training.resumption import completed_epochs


def test_removes_a_backup_that_was_cut_short(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = RunFolder(tmp_path)
    assert completed_epochs(run) == 0
    run.backup.mkdir(parents=True)
    metadata = run.backup / "training_metadata.json"
    metadata.write_text('{"epoch": 7, "batch": 0}')
    assert completed_epochs(run) == 7
    metadata.write_text('{"epo')
    assert completed_epochs(run) == 0
    assert not run.backup.exists()
    assert "training starts again" in capsys.readouterr().err
