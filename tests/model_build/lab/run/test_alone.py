from pathlib import Path

import pytest

from daemon.errors import InputError
from model_build.__main__ import main
from model_build.lab.run.alone import alone_in
from model_build.lab.run.lab_run import LabRun
from tests.model_build.lab.run.test_run import experiment, tones

__all__ = ["tones"]


def test_a_second_command_is_refused_until_the_first_one_ends(
    tones: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["lab", "run", str(experiment(tones)), "--workers", "1"]
    folder = tones / "runs" / "tones"
    with alone_in(LabRun(folder)):
        assert main(command) == 2
        expected = f"timbrel-build: {folder}: another command is running this experiment; wait for"
        assert capsys.readouterr().err.startswith(expected)
        assert list(folder.iterdir()) == []
    assert main(command) == 0
    assert (folder / "run.json").is_file()


def test_folders_that_stay_empty_are_removed(tmp_path: Path) -> None:
    run = LabRun(tmp_path / "runs" / "lab" / "tones")
    with pytest.raises(InputError, match="no data"), alone_in(run):
        raise InputError("no data")
    assert list(tmp_path.iterdir()) == []
