"""The program itself, run as a program."""

import errno
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from daemon.classifier import Classifier
from daemon.replay import heard_in
from model_build import stages
from model_build.__main__ import main


def build(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "model_build", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def test_all_makes_a_model_that_the_daemon_loads(
    corpus: Path, recipe_file: Path, tmp_path: Path
) -> None:
    output = tmp_path / "models" / "timbrel.tflite"
    done = build(
        "all",
        "--corpus",
        str(corpus),
        "--recipe",
        str(recipe_file),
        "--run",
        str(tmp_path / "run"),
        "--output",
        str(output),
        "--workers",
        "1",
    )
    assert done.returncode == 0, done.stderr
    assert "greatest difference of score, white noise, float to int8" in done.stdout
    assert "Traceback" not in done.stderr
    assert "oneDNN" not in done.stdout + done.stderr

    classifier = Classifier(output)
    contract = classifier.contract
    assert contract.families == ("drums", "flute", "organ")
    assert contract.patch_starts == (2, 202)
    assert contract.name == "timbrel-tiny"
    assert contract.provenance.seed == 7
    assert contract.provenance.metrics["dev_phrase_presence_auc"] >= 0
    (heard,) = heard_in(str(corpus / "phrase-flute-0.wav"), classifier, 4.0)
    assert heard.scores.shape == (3,)
    assert np.all((heard.scores > 0) & (heard.scores < 1))

    card = msgspec.json.decode(output.with_suffix(".json").read_bytes())
    assert card["recipe_sha256"] == contract.provenance.recipe_sha256
    assert card["metrics"] == contract.provenance.metrics
    differences = [v for k, v in card["acceptance"].items() if "keras to float" in k]
    assert len(differences) == 5
    assert max(differences) < 1e-3

    measured = build(
        "evaluate", str(output), "--corpus", str(corpus), "--json", str(tmp_path / "figures.json")
    )
    assert measured.returncode == 0, measured.stderr
    assert "phrase: mean over families" in measured.stdout
    figures = msgspec.json.decode((tmp_path / "figures.json").read_bytes())["timbrel"]
    assert figures["clips"] == {"phrase": 6, "room": 6, "negative": 2, "mixture": 1}
    assert figures["top1"]["phrase"] == pytest.approx(
        contract.provenance.metrics["dev_phrase_top1"], abs=1e-4
    )


def test_help_teaches_and_loads_no_tensorflow() -> None:
    done = build("--help")
    assert done.returncode == 0
    assert "TIMBREL_CORPUS" in done.stdout
    loaded = "import sys, model_build.__main__; print('tensorflow' in sys.modules)"
    heavy = subprocess.run(
        [sys.executable, "-c", loaded],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert heavy.stdout == "False\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["features", "--recipe", "nowhere.yaml"], "nowhere.yaml: No such file"),
        (["train", "--run", "nowhere"], "run timbrel-build features first"),
        (["features", "--corpus", "nowhere"], "--corpus DIR or TIMBREL_CORPUS"),
        (["evaluate", "nowhere.tflite"], "model file nowhere.tflite: not found"),
    ],
)
def test_wrong_input_is_one_line_and_exit_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    message = capsys.readouterr().err
    assert said in message
    assert message.startswith("timbrel-build: ")
    assert message.count("\n") == 1


def test_full_disk_is_one_line_and_exit_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(stages, "train", full)
    assert main(["train"]) == 1
    assert capsys.readouterr().err == (
        "timbrel-build: the disk is full; make room, or name another --run\n"
    )


def test_interrupt_is_quiet_and_exit_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stages, "train", interrupted)
    assert main(["train"]) == 130
    assert capsys.readouterr().err == ""
