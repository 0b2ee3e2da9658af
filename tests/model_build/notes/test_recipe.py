"""The recipe that ships can be read, and its hashes follow its settings."""

from pathlib import Path

import msgspec
import pytest

from daemon.errors import InputError
from model_build.notes.recipe import read_note_recipe

RECIPE = Path("configs/recipe-notes.yaml")


def test_the_shipped_recipe_is_valid() -> None:
    recipe = read_note_recipe(RECIPE)
    assert recipe.name == "notes"
    assert 0 < recipe.clips.negative_share + recipe.clips.strung_share < 1


def test_only_what_decides_the_clips_changes_their_hash() -> None:
    recipe = read_note_recipe(RECIPE)
    training = msgspec.structs.replace(recipe.training, epochs=99)
    longer = msgspec.structs.replace(recipe, training=training)
    assert longer.material_sha256 == recipe.material_sha256
    assert longer.sha256 != recipe.sha256
    other = msgspec.structs.replace(recipe, seed=1)
    assert other.material_sha256 != recipe.material_sha256


def test_a_typo_is_named(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE.read_text().replace("channels: 16", "chanels: 16"))
    with pytest.raises(InputError, match="chan"):
        read_note_recipe(path)
