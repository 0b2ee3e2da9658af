"""`timbrel-build practice evaluate` on recordings that are made here."""

import json
from pathlib import Path

import numpy as np
import pytest

from model_build.__main__ import main
from tests.daemon.practice.note_model_by_hand import NOTE_MODEL
from tests.model_build.pitch.test_evaluate import corpus, practice

__all__ = ["corpus", "practice"]  # fixtures


@pytest.mark.timeout(400)  # librosa compiles its functions
def test_prints_one_table_of_everything(
    practice: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    onsets = 0.5 + 0.9 * np.arange(4)
    notes = [
        f"{on:.1f},{on + 0.6:.1f},{midi}" for on, midi in zip(onsets, (60, 64, 67, 72), strict=True)
    ]
    (practice / "truth" / "notes.csv").write_text(
        "\n".join(["onset_s,offset_s,pitch_midi", *notes])
    )
    manifest = practice / "manifest.csv"
    text = manifest.read_text()
    manifest.write_text(
        text.replace("f0,truth/line.csv", "f0;notes,truth/line.csv;truth/notes.csv")
    )
    figures = tmp_path / "figures.json"
    options = ["--practice", str(practice), "--corpus", str(corpus), "--workers", "1"]
    options += ["--model", str(NOTE_MODEL), "--json", str(figures)]
    assert main(["practice", "evaluate", *options]) == 0
    printed = capsys.readouterr().out
    rows = {(row["figure"], row["program"]): row for row in json.loads(figures.read_text())}
    for figure in ("notes, F1, all", "pitch: raw accuracy", "A4: within 5 cents"):
        assert rows[figure, "timbrel"]["value"] > 0.9
        assert figure in printed
    for sound in ("a4", "tempo", "key"):
        name = sound.replace("a4", "A4")
        article = "an" if sound == "a4" else "a"
        assert rows[f"negatives that get {article} {name}", "timbrel"]["value"] == 0.0


def test_a_missing_folder_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["practice", "evaluate", "--practice", str(tmp_path)]) == 2
    assert "set the folder of the practice recordings" in capsys.readouterr().err
