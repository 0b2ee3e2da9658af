import os
from pathlib import Path

import numpy as np
import pytest

from model_build.__main__ import main
from model_build.harmony.chorales.chorale_sets import read_chorales
from model_build.harmony.recipe import read_harmony_recipe
from tests.conftest import ROOT, named

RECIPE = ROOT / "configs" / "recipe-harmony.yaml"
PRACTICE = os.environ.get("TIMBREL_PRACTICE")


def test_shipped_recipe_is_the_one_of_the_model() -> None:
    from daemon.practice.harmoniser.model_file import read_harmony_model

    _, contract = read_harmony_model()
    assert contract.provenance.recipe_sha256 == read_harmony_recipe(RECIPE).sha256


def test_needs_a_folder_of_chorales(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.delenv("TIMBREL_PRACTICE", raising=False)
    arguments = ["harmony", "--recipe", str(RECIPE), "--run", str(tmp_path / "run")]
    assert main(arguments) == 2
    assert "name their folder with --data" in capsys.readouterr().err
    assert main([*arguments, "--data", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert f"{tmp_path}/jsb-chorales-16th.json.gz: not found" in error
    assert len(error.splitlines()) == 1


def test_missing_voices_are_rests_of_the_voices_that_are_far() -> None:
    folder = named("TIMBREL_PRACTICE", PRACTICE, "chorales") / "harmony"
    sets = read_chorales(folder)
    assert (len(sets.valid), len(sets.test), len(sets.fakes)) == (76, 77, 1200)
    for chorale in sets.valid + sets.test:
        assert chorale.shape[1] == 4
        assert ((chorale == -1) | ((chorale >= 36) & (chorale <= 81))).all()
    # In this chorale, the alto pauses in two steps.
    assert sets.test[18][188].tolist() == [69, -1, 54, 51]
    assert np.mean([np.mean(chorale < 0) for chorale in sets.test]) < 0.01
