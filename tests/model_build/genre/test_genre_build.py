"""`timbrel-build genre-model` makes a genre model from YAMNet and a small corpus."""

from pathlib import Path

import numpy as np
import pytest

from daemon.hearing.classifier import load_network
from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.hearing.logits import sigmoid
from daemon.practice.genre.genre_network import load_genre_network
from model_build.__main__ import main
from model_build.genre.network import CLASS_INDICES, CLASS_NAMES, cut_genre_network
from model_build.networks.peer import peer_classes
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


def test_scores_are_those_of_yamnets_own_file(base: Path) -> None:
    sound = tone(220.0, 3.0, 8)
    expected = peer_classes(base)(sound)[:, list(CLASS_INDICES)]
    interpreter = load_network(cut_genre_network(base))
    assert [output["shape"].tolist() for output in interpreter.get_output_details()] == [[1, 20]]
    run = interpreter.get_signature_runner("serving_default")
    frames = LogMel(FrontEnd()).frames(sound)
    made = np.stack(
        [run(patch=frames[None, 48 * n : 48 * n + 96])["genre"][0] for n in range(len(expected))]
    )
    assert expected.max() > 0.05
    # The front ends' rounding may move a value to the next of the few that int8 has.
    np.testing.assert_allclose(sigmoid(made), expected, atol=0.1)


def test_makes_a_model(
    base: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "genre.tflite"
    command = ["genre-model", "--base", str(base), "--corpus", str(corpus)]
    assert main([*command, "--output", str(output)]) == 0
    assert "unlabelled_music_unknown" in capsys.readouterr().out
    contract = load_genre_network(output).contract
    assert contract.classes == CLASS_NAMES
    assert contract.provenance.metrics["speech_and_noise_unknown"] > 0.0


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
