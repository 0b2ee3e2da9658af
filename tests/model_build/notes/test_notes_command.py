"""`timbrel-build notes` makes a note model from a small corpus, and continues when interrupted."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from daemon.practice.notes.note_network import load_note_network
from daemon.practice.notes.transcriber import transcribe
from model_build.__main__ import main
from model_build.notes import prepare, tuning
from model_build.notes.material.clip_files import read_block
from model_build.notes.run_files import NoteRun
from model_build.rendering.general_midi import PROGRAMS
from model_build.rendering.soundfont import FLUID_R3
from tests.daemon.practice.notes.notes_sounds import tone
from tests.model_build.conftest import add_clip, write_manifest

SMALL = {
    "files: 20": "files: 1",
    "held_files: 4": "held_files: 1",
    "seconds: 420": "seconds: 15",
    "train: 6000": "train: 8",
    "held: 300": "held: 4",
    "frames: 150": "frames: 50",
    "held_frames: 400": "held_frames: 100",
    "responses: 12 ": "responses: 1 ",
    "[0.15, 0.8]": "[0.2, 0.3]",
    "channels: 16": "channels: 8",
    "epochs: 2": "epochs: 1",
    "representative_clips: 30": "representative_clips: 2",
}

pytestmark = pytest.mark.skipif(
    not shutil.which("fluidsynth") or not FLUID_R3.is_file(),
    reason="needs fluidsynth and fluid-soundfont-gm",
)


def _corpus(folder: Path) -> Path:
    folder.mkdir()
    rng = np.random.default_rng(1)
    rows: list[dict[str, str]] = []
    for number in range(10):
        for midi in (57, 64):
            group = f"guitar-{number}"
            columns = {"label": "guitar", "source": group, "group": group}
            add_clip(rows, folder, tone(midi, 1.0), kind="note", pitch_midi=str(midi), **columns)
        sounds = {"negative": ("noise", 32_000), "drum": ("kick", 3_000)}
        for kind, (label, size) in sounds.items():
            hiss = (0.1 * rng.standard_normal(size)).astype(np.float32)
            group = f"{label}-{number}"
            add_clip(rows, folder, hiss, kind=kind, label=label, source=group, group=group)
    write_manifest(folder, rows)
    return folder


def _recipe(folder: Path) -> Path:
    text = Path("configs/recipe-notes.yaml").read_text()
    for shipped, small in SMALL.items():
        assert shipped in text
        text = text.replace(f" {shipped}", f" {small}")
    path = folder / "recipe.yaml"
    path.write_text(text)
    return path


@pytest.mark.timeout(600)
def test_train_and_tune_make_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = tuple(program for program in PROGRAMS if program.number in {0, 24, 40, 73})
    monkeypatch.setattr(prepare, "PROGRAMS", few)
    monkeypatch.setattr(tuning, "TRIED", {"onset": (0.3,)})
    run, output = NoteRun(tmp_path / "run"), tmp_path / "models" / "notes.tflite"
    recipe = _recipe(tmp_path)
    common = ["--recipe", str(recipe), "--run", str(run.folder)]
    train = ["notes", "train", *common, "--corpus", str(_corpus(tmp_path / "corpus"))]
    assert main([*train, "--workers", "1"]) == 0
    frames, targets = read_block(run.block("train", 0))
    assert frames.shape == (8, 50, 293, 2)
    assert targets.activation.max() == 255
    assert main(["notes", "tune", *common, "--output", str(output)]) == 0
    assert "f1_clean" in capsys.readouterr().out
    network = load_note_network(output)
    assert network.contract.name == "notes"
    assert network.contract.provenance.metrics["held_clips"] == 4
    assert transcribe(np.zeros(16_000, np.float32), network) == []

    begun = run.block("train", 0).stat().st_mtime_ns
    assert main([*train, "--resume"]) == 0
    assert run.block("train", 0).stat().st_mtime_ns == begun
    assert main([*train, "--resume", "--weights", str(run.fitted)]) == 0
    assert main([*train, "--resume", "--weights", str(recipe)]) == 2
    assert "is not a note network of these settings" in capsys.readouterr().err
    recipe.write_text(recipe.read_text().replace("seed: 20261129", "seed: 1"))
    assert main([*train, "--resume"]) == 2
    assert "was begun with another recipe" in capsys.readouterr().err


def test_wrong_inputs_are_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ["--run", str(tmp_path / "run")]
    assert main(["notes", "tune", *run]) == 2
    assert "run timbrel-build notes train first" in capsys.readouterr().err
    missing = ["--soundfont", str(tmp_path / "no.sf2"), "--corpus", str(tmp_path)]
    assert main(["notes", "train", *run, *missing]) == 2
    assert "no.sf2: not found" in capsys.readouterr().err
