import pytest

from model_build.recipe import read_recipe
from model_build.rendering.general_midi import FAMILIES, MANNERS, PROGRAMMES, Programme
from tests.conftest import ROOT

SHIPPED = ROOT / "configs" / "recipe-rendered.yaml"


def named(name: str) -> Programme:
    (found,) = [programme for programme in PROGRAMMES if programme.name == name]
    return found


def test_the_families_are_the_recipe_s() -> None:
    assert tuple(sorted(read_recipe(SHIPPED).families)) == FAMILIES


@pytest.mark.parametrize("programme", PROGRAMMES, ids=lambda p: f"{p.number}-{p.name}")
def test_each_programme_can_be_played(programme: Programme) -> None:
    assert 0 <= programme.number <= 119
    assert programme.highest_midi - programme.lowest_midi >= 12
    assert programme.lowest_midi >= 21
    assert programme.highest_midi <= 108
    assert programme.manner in MANNERS
    assert programme.family in programme.accepts
    assert set(programme.accepts) <= set(FAMILIES)


def test_names_and_numbers_are_each_one_programme() -> None:
    assert len({programme.name for programme in PROGRAMMES}) == len(PROGRAMMES)
    assert len({(p.number, p.is_kit) for p in PROGRAMMES}) == len(PROGRAMMES)


def test_each_family_can_be_trained_held_and_measured() -> None:
    for family in FAMILIES:
        assert len({p.group for p in PROGRAMMES if p.family == family}) >= 3


def test_families_as_in_the_recorded_corpus() -> None:
    assert named("accordion").accepts == ("organ", "reed")
    assert named("harp").family == "string"
    assert "guitar" in named("harp").accepts
    assert named("choir-pad").family == "vocal"
    assert named("taiko").family == "drums"
    assert not {p.number for p in PROGRAMMES if not p.is_kit} & set(range(119, 128))


def test_the_same_samples_are_one_group() -> None:
    assert named("grand-piano").group == named("honky-tonk").group != named("rhodes").group
    assert named("synth-strings-1").group == named("halo-pad").group
