"""`timbrel-build genre-model` makes a genre model from YAMNet and a small corpus."""

from pathlib import Path

import numpy as np
import pytest

from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.hearing.logits import sigmoid
from daemon.practice.genre.genre_network import load_genre_network
from model_build.__main__ import main
from model_build.genre.network import CLASS_NAMES, build_genre_network
from model_build.networks.yamnet_network import build_yamnet
from tests.model_build.conftest import add_clip, tone, write_manifest


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Two clips of unlabelled music, and one each of speech and noise."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    rng = np.random.default_rng(1)
    rows: list[dict[str, str]] = []
    for hz in (220.0, 330.0):
        add_clip(rows, folder, tone(hz, 2.0, 8), kind="unlabelled", label="")
    for sort in ("speech", "noise"):
        hiss = (0.1 * rng.standard_normal(32_000)).astype(np.float32)
        add_clip(rows, folder, hiss, kind="negative", label=sort, group=sort)
    write_manifest(folder, rows)
    return folder


def test_scores_are_those_of_yamnets_classes(base: Path) -> None:
    patch = LogMel(FrontEnd()).frames(tone(220.0, 1.0, 8))[None, :96]
    logits = np.asarray(build_yamnet(base)(patch)["logits"])[0]
    made = np.asarray(build_genre_network(base)(patch)["genre"])[0]
    assert made[CLASS_NAMES.index("blues")] == pytest.approx(logits[246], abs=1e-4)
    assert made[CLASS_NAMES.index("rock")] == pytest.approx(logits[214], abs=1e-4)
    assert made[CLASS_NAMES.index("music")] == pytest.approx(logits[132], abs=1e-4)


def test_makes_a_model_near_the_float_network(
    base: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "genre.tflite"
    command = ["genre-model", "--base", str(base), "--corpus", str(corpus)]
    assert main([*command, "--output", str(output)]) == 0
    assert "same_genre_as_float" in capsys.readouterr().out
    model = load_genre_network(output)
    assert model.contract.classes == CLASS_NAMES
    patch = LogMel(FrontEnd()).frames(tone(220.0, 1.0, 8))[:96]
    expected = sigmoid(np.asarray(build_genre_network(base)(patch[None])["genre"])[0])
    np.testing.assert_allclose(model.scores(patch), expected, atol=0.15)


def test_missing_parts_are_one_clear_line(
    base: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["genre-model", "--output", str(tmp_path / "genre.tflite")]
    assert main([*common, "--corpus", str(corpus), "--base", str(tmp_path / "no.tflite")]) == 2
    assert "no.tflite: no such file" in capsys.readouterr().err
    empty = tmp_path / "empty"
    empty.mkdir()
    write_manifest(empty, [])
    assert main([*common, "--corpus", str(empty), "--base", str(base)]) == 2
    assert "no clips of the kind unlabelled" in capsys.readouterr().err
