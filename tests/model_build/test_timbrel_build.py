"""Runs `timbrel-build` as a program."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from daemon.hearing.classifier import BUILT_IN_MODEL, load_classifier
from model_build import stages
from model_build.__main__ import main
from model_build.evaluation.events import day_and_alarms
from model_build.run_folder import RunFolder
from model_build.windows.features import make_features
from tests.conftest import killed_at_last
from tests.daemon.observations import score_file
from tests.model_build.conftest import TINY_RECIPE

PROGRAM = ("-m", "model_build")
# The evaluation spends most of its time on days at home; shorter days test the same code.
WITH_SHORT_DAYS = """\
import sys
from model_build.evaluation.events import day_and_alarms
from model_build.__main__ import main
day_and_alarms.DAY_SECONDS = 120.0
sys.exit(main())
"""


def build(*arguments: str, program: Sequence[str] = PROGRAM) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *program, *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )


@pytest.mark.timeout(400)
def test_all_makes_a_model_that_the_daemon_loads(
    corpus: Path, recipe_file: Path, tmp_path: Path
) -> None:
    output = tmp_path / "models" / "timbrel.tflite"
    built_in = BUILT_IN_MODEL.read_bytes()
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
        program=("-c", WITH_SHORT_DAYS),
    )
    assert done.returncode == 0, done.stderr
    assert "greatest difference of score, white noise, float to int8" in done.stdout
    assert "Traceback" not in done.stderr
    assert "oneDNN" not in done.stdout + done.stderr
    announced = [line for line in done.stderr.splitlines() if line.startswith("[")]
    stages = (
        *("features", "train", "embedding", "genre", "quantize"),
        *("thresholds", "evaluate", "report"),
    )
    assert announced == [f"[{n}/8] {stage}" for n, stage in enumerate(stages, 1)]
    assert BUILT_IN_MODEL.read_bytes() == built_in
    assert output.read_bytes() == RunFolder(tmp_path / "run").model.read_bytes()

    classifier = load_classifier(output)
    contract = classifier.contract
    assert contract.families == ("drums", "flute", "organ")
    assert contract.patch_starts == (2, 202)
    assert contract.name == "timbrel-tiny"
    assert contract.provenance.seed == 7
    assert contract.provenance.metrics["dev_phrase_presence_auc"] >= 0
    (heard,) = score_file(str(corpus / "phrase-flute-0.wav"), classifier, 4.0)
    assert heard.scores.shape == (3,)
    assert np.all((heard.scores > 0) & (heard.scores < 1))

    card = msgspec.json.decode(output.with_suffix(".json").read_bytes())
    assert card["recipe_sha256"] == contract.provenance.recipe_sha256
    assert card["metrics"] == contract.provenance.metrics
    for conversion in ("keras to savedmodel", "savedmodel to float", "float to int8"):
        moved = {k: v for k, v in card["acceptance"].items() if k.endswith(conversion)}
        sounds = ("silence", "white noise", "speech", "drums", "flute", "organ", "all sounds")
        assert list(moved) == [f"{sound}, {conversion}" for sound in sounds]
        assert max(moved.values()) == moved[f"all sounds, {conversion}"]
        assert max(moved.values()) < (0.5 if conversion.endswith("int8") else 1e-3)

    measured = build(
        "evaluate",
        str(output),
        "--corpus",
        str(corpus),
        "--json",
        str(tmp_path / "figures.json"),
        program=("-c", WITH_SHORT_DAYS),
    )
    assert measured.returncode == 0, measured.stderr
    assert "phrase: mean over families" in measured.stdout
    figures = msgspec.json.decode((tmp_path / "figures.json").read_bytes())["timbrel"]
    assert figures["clips"] == {"phrase": 6, "room": 6, "negative": 2, "mixture": 1}
    assert figures["top1"]["phrase"] == pytest.approx(
        contract.provenance.metrics["dev_phrase_top1"], abs=1e-4
    )

    run = RunFolder(tmp_path / "run")
    measured_in_run = msgspec.json.decode(run.evaluation.read_bytes())["model"]
    assert abs(measured_in_run["float_room_top1"] - measured_in_run["top1"]["room"]) < 0.5
    assert "timbrel-tiny" in run.report.read_text()
    assert "configs/recipe-tiny.yaml" in run.card.read_text()
    assert "They were measured once" in run.report.read_text()
    assert "What was tried" not in run.report.read_text()
    assert run.model_figures.read_bytes() == output.with_suffix(".json").read_bytes()


def test_help_explains_the_environment_without_loading_tensorflow() -> None:
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
        (
            ["all", "--output", str(BUILT_IN_MODEL)],
            "leave --output out, then run timbrel-build replace-built-in runs/default",
        ),
        (["replace-built-in", "nowhere"], "nowhere/model.tflite: does not exist yet"),
        (["features", "--recipe", "nowhere.yaml"], "nowhere.yaml: No such file"),
        (["train", "--run", "nowhere"], "run timbrel-build features first"),
        (["features", "--corpus", "nowhere"], "--corpus DIR or TIMBREL_CORPUS"),
        (["evaluate", "nowhere.tflite"], "model file nowhere.tflite: not found"),
    ],
)
def test_invalid_input_prints_one_line_and_exits_with_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    message = capsys.readouterr().err
    assert said in message
    assert message.startswith("timbrel-build: ")
    assert message.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], ["no corpus given", "--corpus DIR", "; also: ", "base network", "--base FILE"]),
        (["--corpus", "nowhere", "--base", "gone"], ["nowhere/manifest.csv", "base network gone"]),
        (["--corpus", "{corpus}"], ["no base network given"]),
        (["--base", "{base}"], ["no corpus given", "base network {base}: is not YAMNet"]),
    ],
)
def test_names_all_missing_inputs_at_once(
    arguments: list[str],
    said: list[str],
    corpus: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    places = {"corpus": corpus, "base": BUILT_IN_MODEL}
    run = tmp_path / "run"
    given = [argument.format(**places) for argument in arguments]
    assert main(["features", "--run", str(run), *given]) == 2
    message = capsys.readouterr().err
    assert all(words.format(**places) in message for words in said), message
    assert ("no corpus" in message) == ("--corpus" not in arguments)
    assert message.count("\n") == 1
    assert not run.exists()


def test_full_disk_prints_one_line_and_exits_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(stages, "train", full)
    assert main(["train"]) == 1
    assert capsys.readouterr().err == (
        "timbrel-build: the disk is full; make room, or use a folder on another disk\n"
    )


def test_path_that_cannot_be_used_prints_one_line_and_exits_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(2):
        soundfile.write(tmp_path / f"{number}.wav", np.full(800, 0.1), 16_000)
    table, file = tmp_path / "t.csv", tmp_path / "one.yaml"
    table.write_text("file,class\n0.wav,a\n1.wav,b\n", encoding="utf-8")
    file.write_text(
        f"name: one\ndata: {{layout: table, path: '{table}', file_column: file, "
        f"label_columns: [class]}}\nmodel: {{kind: knn}}\nvalidation: {{folds: 2}}\n"
        f"output: {{folder: '{table}/runs'}}\n",
        encoding="utf-8",
    )
    assert main(["lab", "run", "--workers", "1", str(file)]) == 1
    assert capsys.readouterr().err == (
        f"timbrel-build: {table}/runs/one: Not a directory; check this path and who may use it\n"
    )


@pytest.mark.parametrize(
    ("arguments", "again"),
    [
        (["train"], "with --resume to continue"),
        (["features"], "with --resume to continue"),
        (["quantize"], "to start again"),
    ],
)
def test_interrupt_prints_how_to_continue_and_exits_with_130(
    arguments: list[str],
    again: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stages, arguments[0], interrupted)
    assert main(arguments) == 130
    said = capsys.readouterr().err
    assert said == f"timbrel-build: interrupted; run the same command {again}\n"


def test_sigterm_ends_like_ctrl_c_and_exits_with_143(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def terminated(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60.0)

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(stages, "quantize", terminated)
    assert main(["quantize"]) == 143
    said = capsys.readouterr().err
    assert said == "timbrel-build: interrupted; run the same command to start again\n"
    assert signal.getsignal(signal.SIGTERM) == before


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *PROGRAM, *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )


def interrupt_when(running: subprocess.Popen[str], there: Callable[[], bool]) -> tuple[int, str]:
    """Send SIGINT once `there()` is true; return the exit code and standard error."""
    with killed_at_last(running):
        ends_at = time.monotonic() + 180
        while not there() and running.poll() is None and time.monotonic() < ends_at:
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    return running.returncode, said


LONGER_RECIPE = TINY_RECIPE.replace("train: 96", "train: 700")


@pytest.fixture(scope="module")
def uninterrupted(pristine_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The features of the longer recipe, made without an interruption."""
    folder = tmp_path_factory.mktemp("whole")
    recipe = folder / "recipe-tiny.yaml"
    recipe.write_text(LONGER_RECIPE)
    run = RunFolder(folder / "run")
    make_features(recipe, pristine_corpus, run, workers=1)
    return run


@pytest.mark.parametrize("workers", ["1", "2"])
def test_resumed_features_equal_uninterrupted_ones(
    workers: str, corpus: Path, recipe_file: Path, uninterrupted: RunFolder, tmp_path: Path
) -> None:
    recipe_file.write_text(LONGER_RECIPE)
    run = RunFolder(tmp_path / "run")
    arguments = ("features", "--recipe", recipe_file, "--corpus", corpus, "--workers", workers)

    def some_windows() -> bool:
        try:
            return bool(np.load(run.done("train")).any())
        except (FileNotFoundError, EOFError, ValueError):
            return False  # The file is incomplete.

    code, said = interrupt_when(start(*arguments, "--run", run.folder), some_windows)
    assert code == 130, said
    assert said.endswith(
        "timbrel-build: interrupted; run the same command with --resume to continue\n"
    )
    assert "Traceback" not in said
    assert not run.features.exists()
    written = np.load(run.done("train"))
    assert written.any()
    assert not written.all()
    before = run.clips.stat().st_mtime_ns

    assert main([*map(str, arguments), "--run", str(run.folder), "--resume"]) == 0
    assert run.clips.stat().st_mtime_ns == before
    for side in ("train", "held"):
        assert run.patches(side).read_bytes() == uninterrupted.patches(side).read_bytes()
        assert run.labels(side).read_bytes() == uninterrupted.labels(side).read_bytes()
    assert run.features.read_bytes() == uninterrupted.features.read_bytes()


@pytest.mark.timeout(400)
def test_all_resumes_training_without_making_features_again(
    corpus: Path, recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{day_and_alarms.__name__}.DAY_SECONDS", 60.0)
    recipe_file.write_text(recipe_file.read_text().replace("epochs: 3", "epochs: 400", 1))
    run, output = RunFolder(tmp_path / "run"), tmp_path / "model.tflite"
    arguments = ("all", "--recipe", recipe_file, "--corpus", corpus, "--run", run.folder)

    def an_epoch() -> bool:
        return (run.backup / "training_metadata.json").exists()

    running = start(*arguments, "--workers", "1", "--output", output)
    code, said = interrupt_when(running, an_epoch)
    assert code == 130, said
    assert said.endswith(
        "timbrel-build: interrupted; run the same command with --resume to continue\n"
    )
    assert "Traceback" not in said
    assert not run.fitted.exists()
    assert not output.exists()
    assert an_epoch()
    features = run.patches("train").stat().st_mtime_ns

    recipe_file.write_text(recipe_file.read_text().replace("epochs: 400", "epochs: 1"))
    assert main([*map(str, arguments), "--workers", "1", "--output", str(output), "--resume"]) == 0
    assert run.patches("train").stat().st_mtime_ns == features
    assert output.exists()


@pytest.mark.parametrize("windows", [96, 9_000])  # the sounds, or the windows, do not fit
def test_features_on_a_full_disk_print_one_line_and_exit_with_1(
    windows: int,
    small_disk: Path,
    corpus: Path,
    recipe_file: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if windows > 96:
        subprocess.run(["mount", "-o", "remount,size=16m", small_disk], check=True)
    recipe_file.write_text(recipe_file.read_text().replace("train: 96", f"train: {windows}"))
    arguments = ["features", "--recipe", str(recipe_file), "--corpus", str(corpus)]
    assert main([*arguments, "--run", str(small_disk / "run"), "--workers", "1"]) == 1
    assert capsys.readouterr().err.endswith(
        "timbrel-build: the disk is full; make room, or use a folder on another disk\n"
    )
    assert not RunFolder(small_disk / "run").features.exists()


def test_output_that_nobody_reads_is_no_error() -> None:
    command = [sys.executable, "-m", "model_build", "lab", "schema"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout
    process.stdout.close()
    assert process.stderr
    with process.stderr as errors:
        assert errors.read() == b""
    assert process.wait() == 0
