"""A search that is interrupted, or whose disk is full, ends with one line and keeps its trials."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from model_build.__main__ import main
from model_build.lab.search.found import Found
from tests.model_build.lab.tones import write_tones

SEARCH = """\
name: searched
data: {{layout: folders, path: {folder}/train}}
front_end: {{chunk_seconds: 0.3, bands: 16}}
model: {{kind: forest, trees: 3}}
validation: {{folds: 2}}
output: {{folder: {output}}}
search: {{trials: {trials}, held_out: 0, space: {space}}}
"""


def written(folder: Path, output: Path, trials: int, space: str) -> Path:
    write_tones(folder / "train", 3, seed=1)
    file = folder / "searched.yaml"
    file.write_text(
        SEARCH.format(folder=folder, output=output, trials=trials, space=space), encoding="utf-8"
    )
    return file


def finished(output: Path) -> int:
    """Return the number of trials that are finished."""
    file = output / "searched" / "search.json"
    return len(msgspec.json.decode(file.read_bytes(), type=Found).trials) if file.is_file() else 0


@pytest.mark.timeout(600)
def test_ctrl_c_is_one_line_and_the_trials_are_kept(tmp_path: Path) -> None:
    output = tmp_path / "runs"
    file = written(tmp_path, output, 200, "{model.trees: {linear: [1, 1000]}}")
    command = [sys.executable, "-m", "model_build", "lab", "run", str(file), "--workers", "2"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        while not finished(output):
            assert running.poll() is None
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        error = running.communicate()[1]
    assert running.returncode == 130
    last = "timbrel-build: interrupted; run the same command to continue"
    assert error.splitlines()[-1] == last
    assert "Traceback" not in error
    assert 0 < finished(output) < 200
    assert (output / "searched" / "best.yaml").is_file()


def test_a_full_disk_is_one_line_and_the_search_continues(
    tmp_path: Path, small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The features of the last values do not fit.
    space = "{front_end.hop_seconds: [0.01, 0.012, 0.00005]}"
    file = written(tmp_path, small_disk, 3, space)
    arguments = ["lab", "run", str(file), "--workers", "1"]
    assert main(arguments) == 1
    assert capsys.readouterr().err.endswith(
        "timbrel-build: the disk is full; make room, or use a folder on another disk\n"
    )
    before = finished(small_disk)
    assert before < 3
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    assert main(arguments) == 0
    assert finished(small_disk) == 3
