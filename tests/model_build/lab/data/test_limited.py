from collections import Counter
from pathlib import Path

import numpy as np
import soundfile

from model_build.corpus.formats.labelled import Example, Labelled
from model_build.lab.data.limited import limited
from model_build.lab.data.recordings import read_recordings
from model_build.lab.experiment import Data


def example(label: str, group: str, number: int, *, side: str = "train") -> Example:
    name = f"{label}/{group}-{number}-{side}"
    is_test = side == "test"
    return Example(name, name, (label,), side="test" if is_test else "train", group=group)


def recordings() -> list[Example]:
    """30 groups of 4 strings, 10 groups of 4 reeds, one organ in one group of 6, and a test."""
    strings = [example("string", f"s{n // 4}", n) for n in range(120)]
    reeds = [example("reed", f"r{n // 4}", n) for n in range(40)]
    organs = [example("organ", "o0", n) for n in range(6)]
    return [*strings, *reeds, *organs, example("string", "t0", 0, side="test")]


def test_whole_groups_are_drawn_of_each_class_in_proportion() -> None:
    found = limited(Labelled(recordings(), []), 83)
    trained = [one for one in found.examples if one.side == "train"]
    assert Counter(one.labels[0] for one in trained) == {"string": 60, "reed": 20, "organ": 6}
    assert set(Counter(one.group for one in trained).values()) == {4, 6}
    assert Counter(one.reason for one in found.left) == {"not drawn": 80}


def test_the_test_recordings_stay() -> None:
    found = limited(Labelled(recordings(), []), 8)
    assert [one.name for one in found.examples if one.side == "test"] == ["string/t0-0-test"]


def test_the_draw_is_the_same_in_any_order() -> None:
    forwards = limited(Labelled(recordings(), []), 50)
    backwards = limited(Labelled(recordings()[::-1], []), 50)
    assert {one.name for one in forwards.examples} == {one.name for one in backwards.examples}


def test_fewer_recordings_than_the_limit_all_stay() -> None:
    found = Labelled(recordings(), [])
    assert limited(found, 166) == found


def test_recordings_without_a_group_are_drawn_one_by_one(tmp_path: Path) -> None:
    for name in ("a/1", "a/2", "a/3", "a/4", "b/1", "b/2", "b/3", "b/4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        soundfile.write(tmp_path / f"{name}.wav", np.full(800, 0.1), 16_000)
    data = Data(layout="folders", path=str(tmp_path), most_recordings=4)
    found = read_recordings(data)
    assert Counter(one.labels[0] for one in found.examples) == {"a": 2, "b": 2}
