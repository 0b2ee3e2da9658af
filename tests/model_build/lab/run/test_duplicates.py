from typing import Literal

from model_build.corpus.formats.labelled import Example
from model_build.lab.run.duplicates import duplicate_notes


def example(
    name: str, label: str, group: str = "", side: Literal["train", "test"] = "train"
) -> Example:
    return Example(name=name, file="", labels=(label,), group=group, side=side)


def test_different_sounds_need_no_note() -> None:
    assert duplicate_notes([example("1", "a"), example("2", "a")], ["x", "y"]) == []


def test_a_repeated_sound_in_one_group_and_class_needs_no_note() -> None:
    assert duplicate_notes([example("1", "a"), example("2", "a")], ["x", "x"]) == []


def test_contradicting_classes_come_first() -> None:
    examples = [
        example("1.wav", "kick", "Ann"),
        example("2.wav", "snare", "Bob"),
        example("3.wav", "kick", "Ann"),
        example("4.wav", "kick", "Ann", side="test"),
    ]
    first, second, third = duplicate_notes(examples, ["x", "x", "y", "y"])
    assert first == (
        "1 sound occurs more than once: different classes, so one label is wrong: 1.wav and 2.wav"
    )
    assert second == ("1 sound occurs more than once: in training and in the test: 3.wav and 4.wav")
    assert third.startswith("1 sound occurs more than once: different groups")


def test_only_the_first_are_named() -> None:
    examples = [example(f"{n}.wav", "ab"[n % 2]) for n in range(10)]
    (note,) = duplicate_notes(examples, [str(n // 2) for n in range(10)])
    assert note.startswith("5 sounds occur")
    assert note.endswith("4.wav and 5.wav …")


def test_a_test_recording_is_on_no_side_of_a_fold() -> None:
    examples = [example("1.wav", "a", "Ann"), example("2.wav", "a", "Bob", side="test")]
    (note,) = duplicate_notes(examples, ["x", "x"])
    assert "in training and in the test" in note
