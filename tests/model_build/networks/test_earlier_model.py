"""A training continues from an earlier model's own weights."""

from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from daemon.errors import InputError
from daemon.hearing.classifier import Classifier, load_network
from daemon.hearing.model_file import read_contract
from model_build.networks.earlier_model import earlier_model, load_weights
from model_build.networks.shipped import build_shipped_network
from model_build.networks.student import build_student
from model_build.recipe import read_recipe
from tests.model_build.networks.teaching import FAMILIES, TEACHING, patches


def test_default_recipe_begins_with_the_scores_of_the_first_model(base: Path) -> None:
    recipe = read_recipe(Path("configs/recipe-default.yaml"))
    teaching = recipe.teaching
    assert teaching is not None
    file = earlier_model(teaching.start)
    earlier = Classifier(load_network(file), read_contract(file), name=str(file))
    student = build_student(teaching, base, recipe.families)
    shipped = build_shipped_network(student, teaching, base, recipe.families)
    some = patches()
    expected = np.stack([earlier.logits(patch) for patch in some])
    # Apart from rounding to int8.
    np.testing.assert_allclose(np.asarray(shipped(some)), expected, atol=0.75)


def test_averages_trained_weights_with_those_of_the_start_in_the_head_too(base: Path) -> None:
    recipe = read_recipe(Path("configs/recipe-default.yaml"))
    teaching = recipe.teaching
    assert teaching is not None
    teaching = structs.replace(teaching, base_share=0.2)
    student = build_student(teaching, base, recipe.families)
    head = student.get_layer("head")
    before = head.get_weights()
    head.set_weights([1.5 * weights for weights in before])
    shipped = build_shipped_network(student, teaching, base, recipe.families)
    np.testing.assert_allclose(
        shipped.get_layer("head").get_weights()[0], 1.4 * before[0], rtol=1e-4
    )


def test_unknown_model_is_refused_with_those_that_there_are(base: Path) -> None:
    teaching = structs.replace(TEACHING, start="timbrel-9")
    with pytest.raises(InputError, match=r"'timbrel-9', only timbrel-0\.1"):
        build_student(teaching, base, FAMILIES)


def test_model_of_another_network_is_refused(base: Path) -> None:
    student = build_student(TEACHING, base, FAMILIES)  # its head is of another size
    file = earlier_model("timbrel-0.1")
    with pytest.raises(InputError, match="not those of the recipe's network"):
        load_weights(student, file)
