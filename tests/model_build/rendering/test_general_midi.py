import pytest

from model_build.recipe import read_recipe
from model_build.rendering.general_midi import FAMILIES, PROGRAMS, STYLES, Program
from tests.conftest import ROOT

SHIPPED = ROOT / "configs" / "recipe-rendered.yaml"


def named(name: str) -> Program:
    (found,) = [program for program in PROGRAMS if program.name == name]
    return found


def test_families_match_the_shipped_recipe() -> None:
    assert tuple(sorted(read_recipe(SHIPPED).families)) == FAMILIES


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: f"{p.number}-{p.name}")
def test_program_is_playable(program: Program) -> None:
    assert 0 <= program.number <= 119
    assert program.highest_midi - program.lowest_midi >= 12
    assert program.lowest_midi >= 21
    assert program.highest_midi <= 108
    assert program.style in STYLES
    assert program.family in program.accepts
    assert set(program.accepts) <= set(FAMILIES)


def test_names_and_numbers_are_unique() -> None:
    assert len({program.name for program in PROGRAMS}) == len(PROGRAMS)
    assert len({(p.number, p.is_kit) for p in PROGRAMS}) == len(PROGRAMS)


def test_each_family_has_groups_to_train_hold_out_and_measure() -> None:
    for family in FAMILIES:
        assert len({p.group for p in PROGRAMS if p.family == family}) >= 3


def test_labels_match_the_recorded_corpus() -> None:
    assert named("accordion").accepts == ("organ", "reed")
    assert named("harp").family == "string"
    assert "guitar" in named("harp").accepts
    assert named("choir-pad").family == "vocal"
    assert named("taiko").family == "drums"
    assert not {p.number for p in PROGRAMS if not p.is_kit} & set(range(119, 128))


def test_programs_with_the_same_samples_share_a_group() -> None:
    assert named("grand-piano").group == named("honky-tonk").group != named("rhodes").group
    assert named("synth-strings-1").group == named("halo-pad").group
