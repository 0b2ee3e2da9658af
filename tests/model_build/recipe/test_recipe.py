from pathlib import Path

import pytest

from daemon.errors import InputError
from model_build.recipe import read_recipe
from tests.conftest import ROOT

SHIPPED = ROOT / "configs" / "recipe-small.yaml"


def changed(recipe_file: Path, old: str, new: str) -> Path:
    text = recipe_file.read_text()
    assert old in text
    recipe_file.write_text(text.replace(old, new))
    return recipe_file


def test_reads_shipped_recipe() -> None:
    recipe = read_recipe(SHIPPED)
    assert len(recipe.families) == 12
    assert recipe.patches.starts == (2, 102, 202, 302)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("seed: 7", "seed: 7\nsede: 8", "sede"),
        ("seed: 7", "seed: many", ": seed: "),
        ("seed: 7\n", "", "seed"),
        ("epochs: 3", "epochs: 0", ": training.epochs: "),
        ("epochs: 3", "epochs: 3, epoch: 1", "epoch"),
        ("held_snr_db: [20, 30]", "held_snr_db: [30, 20]", "snr_db: 30.0 to 20.0 runs backwards"),
        ("starts: [2, 202]", "starts: [2, 303]", "starts: a patch ends after the 398 frames"),
        ("patches_at_once: 1", "patches_at_once: 3", "patches.scattered"),
        (
            "mixture_share: 0.1",
            "hard_negative_weight: 2, mixture_share: 0.1",
            "hard_negative_weight must be 0 without teaching",
        ),
        ("mixture_share: 0.1", "mixture_share: 0.8", "leave no window"),
        ("[drums, flute, organ]", "[drums, flute, flute]", "families: one is named twice"),
        ("[drums, flute, organ]", "[Drums, flute]", ": families.0: "),
        ("precision: 0.9", "precision: 1.0", ": precision: "),
        ("seed: 7", "seed: [7", "recipe-tiny.yaml"),
        ("seed: 7", "seed: 7\nrendering: {phrases: 3}", "phrases"),
        (
            "seed: 7",
            "seed: 7\nrendering: {phrases_per_programme: 0, beside_corpus: true}",
            ": rendering.phrases_per_programme: ",
        ),
    ],
)
def test_error_names_file_and_invalid_key(recipe_file: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        read_recipe(changed(recipe_file, old, new))
    assert str(recipe_file) in str(error.value)
    assert said in str(error.value)


def test_error_names_missing_recipe(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.yaml: No such file"):
        read_recipe(tmp_path / "nowhere.yaml")


def test_hash_ignores_comments(recipe_file: Path) -> None:
    before = read_recipe(recipe_file)
    recipe_file.write_text("# a comment\n" + recipe_file.read_text())
    assert read_recipe(recipe_file).sha256 == before.sha256


def test_features_hash_ignores_settings_of_training(recipe_file: Path) -> None:
    before = read_recipe(recipe_file)
    trained_longer = read_recipe(changed(recipe_file, "epochs: 3", "epochs: 4"))
    assert trained_longer.sha256 != before.sha256
    assert trained_longer.features_sha256 == before.features_sha256
    reseeded = read_recipe(changed(recipe_file, "seed: 7", "seed: 8"))
    assert reseeded.features_sha256 != before.features_sha256


def test_features_hash_is_unchanged_without_rendering(recipe_file: Path) -> None:
    before = read_recipe(recipe_file)
    known = "31885fd03b97d13843b3492604b9a63572389380dfeb93907303c6695873d2e5"
    assert before.features_sha256 == known
    rendering = "rendering: {phrases_per_programme: 3, beside_corpus: true}"
    renders = read_recipe(changed(recipe_file, "seed: 7", f"seed: 7\n{rendering}"))
    assert renders.features_sha256 != known


@pytest.mark.parametrize("name", ["default", "small", "rendered"])
def test_reads_every_shipped_recipe(name: str) -> None:
    recipe = read_recipe(SHIPPED.with_name(f"recipe-{name}.yaml"))
    assert recipe.name == name
    needs_corpus = recipe.rendering is None or recipe.rendering.beside_corpus
    assert needs_corpus == (name != "rendered")
