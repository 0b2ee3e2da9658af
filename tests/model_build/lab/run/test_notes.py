from model_build.corpus.formats.labelled import Example, Labelled
from model_build.lab.experiment import Validation
from model_build.lab.features.truth import truth_of
from model_build.lab.run.notes import notes_on

TWO_GROUPS = ("xa", "xb", "ya", "yb")
"""Group and label of some recordings."""


def notes(groups: list[str], labels: list[str], validation: Validation) -> list[str]:
    examples = [
        Example(name=str(n), file="", labels=(label,), group=group)
        for n, (group, label) in enumerate(zip(groups, labels, strict=True))
    ]
    used = Labelled(examples, [])
    return notes_on(truth_of(examples, used.classes), used, validation)


def test_a_class_with_fewer_recordings_than_folds_is_noted() -> None:
    (note,) = notes(["x", "x", "y", "y", "z"], ["a", "a", "a", "b", "b"], Validation(folds=3))
    assert note == "classes with fewer recordings than the 3 folds, so that some have none: b: 2"


def test_groups_that_group_nothing_are_noted() -> None:
    (note,) = notes(["w", "x", "y", "z"], ["a", "a", "b", "b"], Validation(folds=2))
    assert "every recording is a group of its own" in note


def test_a_class_that_is_always_unknown_is_noted() -> None:
    examples = [
        Example(name=str(n), file="", labels=(label,), unknown=("c",), group=label)
        for n, label in enumerate("aabb")
    ]
    used = Labelled(examples, [])
    note, *_ = notes_on(truth_of(examples, used.classes), used, Validation(strategy="hold-out"))
    assert note == "classes that no training recording is known to have, so that none is learned: c"


def test_missing_groups_are_noted() -> None:
    (note,) = notes([""] * 4, ["a", "a", "b", "b"], Validation(folds=2))
    assert "have no groups" in note


def test_a_good_division_needs_no_note() -> None:
    assert notes(["x", "x", "y", "y"], ["a", "b", "a", "b"], Validation(folds=2)) == []


def test_a_class_of_one_group_is_noted() -> None:
    validation = Validation(strategy="group-k-fold", folds=2)
    *_, note = notes(["x", "x", "y", "y", "y"], ["a", "b", "a", "c", "c"], validation)
    assert note == (
        "class c occurs in only one group, so the model that is validated on it was never trained "
        "on it"
    )


def test_recordings_without_a_group_beside_others_are_noted() -> None:
    (note,) = notes(["x", "x", "y", "y", ""], ["a", "b", "a", "b", "a"], Validation(folds=2))
    assert note == ("1 of 5 recordings have no group and count as groups of their own, such as 4")


def test_a_test_of_one_group_is_noted() -> None:
    def noted(*groups: str) -> list[str]:
        examples = [
            *(Example(name=one, file="", labels=(one[1],), group=one[0]) for one in TWO_GROUPS),
            *(Example(name=one, file="", labels=("a",), group=one, side="test") for one in groups),
        ]
        used = Labelled(examples, [])
        return notes_on(truth_of(examples, used.classes), used, Validation(folds=2))

    (note,) = noted("z")
    assert "all test recordings are of one group, so the test figures have no interval" in note
    assert noted("v", "w") == []
