from collections.abc import Iterable
from pathlib import Path

import pytest
from msgspec import structs

from daemon.errors import InputError
from model_build.corpus.clips import Clip, read_corpus
from model_build.corpus.splits import held_groups


def clip(family: str, group: str, kind: str = "phrase") -> Clip:
    return Clip(
        "x.wav",
        kind,
        "train",
        family,
        (family,),
        (family,),
        group,
        group,
        "real",
        "CC0",
        redistributable=True,
        doubt="",
    )


def clips(family: str, sizes: Iterable[int], kind: str = "phrase") -> list[Clip]:
    return [
        clip(family, f"{family}-{group}", kind)
        for group, size in enumerate(sizes)
        for _ in range(size)
    ]


def test_holds_out_the_fraction_of_each_family() -> None:
    every = clips("flute", [5] * 20) + clips("organ", [10] * 10)
    held = held_groups(every, 0.2, 1, ["flute", "organ"])
    for family in ("flute", "organ"):
        share = sum(c.group in held for c in every if family in c.families) / 100
        assert share == 0.2


def test_same_seed_holds_out_same_groups_in_any_order() -> None:
    every = clips("flute", range(1, 30)) + clips("organ", range(1, 30))
    held = held_groups(every, 0.2, 1, ["flute", "organ"])
    assert held_groups(every[::-1], 0.2, 1, ["flute", "organ"]) == held
    assert held_groups(every, 0.2, 2, ["flute", "organ"]) != held


def test_holds_out_smallest_group_if_all_exceed_the_fraction() -> None:
    every = clips("flute", [30, 20, 50])
    assert held_groups(every, 0.1, 1, ["flute"]) == {"flute-1"}


def test_added_clips_do_not_change_which_of_the_earlier_groups_are_held_out() -> None:
    every = clips("flute", range(1, 20))
    new = [
        structs.replace(one, path=f"more/{one.path}", group=f"new-{one.group}")
        for one in clips("flute", range(1, 20))
    ]
    of_known_group = structs.replace(every[0], path="more/y.wav")
    before = held_groups(every, 0.2, 1, ["flute"])
    after = held_groups([*every, *new, of_known_group], 0.2, 1, ["flute"], added="more/")
    assert {group for group in after if not group.startswith("new-")} == before
    share = sum(one.group in after for one in new) / len(new)
    assert share == pytest.approx(0.2, abs=0.03)


def test_group_of_several_families_counts_for_each() -> None:
    every = [clip(f, g) for f in ("flute", "organ") for g in ("trio", "duo") for _ in range(5)]
    assert len(held_groups(every, 0.5, 1, ["flute", "organ"])) == 1


def test_error_names_family_with_one_group() -> None:
    every = clips("flute", [5, 5]) + clips("organ", [9])
    with pytest.raises(InputError, match="'organ' has 1 group"):
        held_groups(every, 0.2, 1, ["flute", "organ"])


def test_splits_real_corpus_by_group(real_corpus: Path) -> None:
    families = (
        "bass",
        "brass",
        "drums",
        "flute",
        "guitar",
        "keyboard",
        "mallet",
        "organ",
        "reed",
        "string",
        "synth_lead",
        "vocal",
    )
    train = [
        c
        for c in read_corpus(real_corpus, families).clips
        if c.split == "train" and c.kind in {"phrase", "note", "drum", "negative"}
    ]
    held = held_groups(train, 0.15, 1, families)
    for family in families:
        sides = [c.group in held for c in train if family in c.families]
        assert 0.05 < sum(sides) / len(sides) < 0.3, family
