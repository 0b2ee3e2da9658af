from collections import Counter

import numpy as np
import pytest

from daemon.errors import InputError
from model_build.corpus.formats.labelled import Example
from model_build.lab.experiment import Validation
from model_build.lab.validation.folds import Fold, folds_of

CLIPS = [
    Example(
        name=f"{n}.wav",
        file="",
        labels=("kick" if n % 2 else "snare",),
        group=f"player {n // 6}",
        fold=str(n % 3),
    )
    for n in range(60)
]
UNGROUPED = [Example(name=one.name, file="", labels=one.labels) for one in CLIPS]


def made(validation: Validation, clips: list[Example] = CLIPS, seed: int = 1) -> list[Fold]:
    return folds_of(clips, validation, seed=seed, multi_label=False)


def test_folds_at_random_spread_every_class() -> None:
    folds = made(Validation(strategy="k-fold", folds=5))
    assert sorted(np.concatenate([fold.validation for fold in folds])) == list(range(60))
    for fold in folds:
        assert Counter(CLIPS[n].labels[0] for n in fold.validation) == {"kick": 6, "snare": 6}
        assert not set(fold.training) & set(fold.validation)


def test_grouped_folds_keep_groups_together() -> None:
    folds = made(Validation(strategy="group-k-fold", folds=5))
    assert sorted(np.concatenate([fold.validation for fold in folds])) == list(range(60))
    for fold in folds:
        held = {CLIPS[n].group for n in fold.validation}
        assert not held & {CLIPS[n].group for n in fold.training}


def test_hold_out_keeps_groups_together_if_there_are_any() -> None:
    (fold,) = made(Validation(strategy="hold-out", fraction=0.2))
    assert len(fold.validation) == 12
    assert len({CLIPS[n].group for n in fold.validation}) == 2
    (alone,) = made(Validation(strategy="hold-out", fraction=0.25), UNGROUPED)
    assert len(alone.validation) == 15


@pytest.mark.parametrize(
    ("share", "held"), [(0.01, 3), (0.1, 6), (0.15, 9), (0.3, 18), (0.5, 30), (0.9, 54)]
)
def test_hold_out_takes_the_share(share: float, held: int) -> None:
    (fold,) = made(Validation(strategy="hold-out", fraction=share), UNGROUPED)
    assert len(fold.validation) == held
    assert sorted([*fold.training, *fold.validation]) == list(range(60))
    assert {UNGROUPED[n].labels[0] for n in fold.validation} == {"kick", "snare"}


def test_own_folds_are_numbered_in_their_order() -> None:
    folds = made(Validation(strategy="own-folds", chosen_folds=(2, 0)))
    assert [fold.number for fold in folds] == [2, 0]
    assert {CLIPS[n].fold for n in folds[0].validation} == {"2"}


def test_the_same_seed_gives_the_same_folds() -> None:
    validation = Validation(strategy="k-fold")
    first, same, other = (made(validation, seed=seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(first.validation, same.validation)
    assert not np.array_equal(first.validation, other.validation)


def test_a_class_with_one_clip_is_in_one_fold() -> None:
    rare = [*CLIPS, Example(name="only.wav", file="", labels=("gong",))]
    folds = made(Validation(strategy="k-fold", folds=5), rare)
    assert sum(60 in fold.validation for fold in folds) == 1


@pytest.mark.parametrize(
    ("validation", "clips", "said"),
    [
        (Validation(strategy="group-k-fold"), UNGROUPED, "needs groups"),
        (Validation(strategy="group-k-fold", folds=11), CLIPS, "11 folds need as many groups"),
        (Validation(strategy="k-fold", folds=61), CLIPS, "there are 60"),
        (Validation(strategy="own-folds"), UNGROUPED, "the data state 0"),
        (Validation(strategy="own-folds", chosen_folds=(3,)), CLIPS, "there is no fold 3"),
    ],
)
def test_refuses_impossible_folds(validation: Validation, clips: list[Example], said: str) -> None:
    with pytest.raises(InputError, match=said):
        made(validation, clips)
