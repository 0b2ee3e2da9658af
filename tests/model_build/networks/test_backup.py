from pathlib import Path

import keras
import numpy as np
import pytest

from daemon.errors import InputError
from model_build.networks.backup import METADATA, Backup

RNG = np.random.default_rng(1)
INPUTS, TARGETS = RNG.normal(size=(32, 4)), RNG.normal(size=(32, 1))


def fitted(folder: Path, *, is_kept: bool = False) -> list[np.ndarray]:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    callback = Backup(folder, is_kept=is_kept)
    model.fit(INPUTS, TARGETS, epochs=5, shuffle=False, verbose=0, callbacks=[callback])
    weights: list[np.ndarray] = model.get_weights()
    return weights


@pytest.mark.parametrize("cut", ["epoch-3.weights.h5", METADATA])
def test_a_backup_that_is_cut_short_gives_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    whole = fitted(tmp_path / "whole")
    replace = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        if target.name == cut and (target.parent / "epoch-2.weights.h5").is_file():
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fitted(tmp_path / "part")
    monkeypatch.undo()
    for one, other in zip(whole, fitted(tmp_path / "part"), strict=True):
        assert np.array_equal(one, other)
    assert not (tmp_path / "part").exists(), "it is removed at the end of the training"


def test_a_damaged_backup_is_one_line_with_a_remedy(tmp_path: Path) -> None:
    fitted(tmp_path, is_kept=True)
    weights = tmp_path / "epoch-5.weights.h5"
    assert {one.name for one in tmp_path.iterdir()} == {weights.name, METADATA}
    weights.write_bytes(weights.read_bytes()[:3_000])
    with pytest.raises(InputError, match=r"the backup of the training is damaged .*; remove this"):
        fitted(tmp_path)
