import numpy as np

from model_build.corpus.formats.labelled import Example
from model_build.lab.features.truth import truth_of

CLASSES = ("guitar", "reed", "string")
HARP = Example("harp.wav", "harp.wav", ("string",), accepted=("guitar", "koto", "string"))
OBOE = Example("oboe.wav", "oboe.wav", ("reed",), accepted=("reed",))


def test_a_label_is_always_accepted_and_an_unknown_class_never() -> None:
    truth = truth_of([HARP, OBOE], CLASSES)
    assert truth.has.tolist() == [[False, False, True], [False, True, False]]
    assert truth.accepted is not None
    assert truth.accepted.tolist() == [[True, False, True], [False, True, False]]


def test_some_recordings_keep_what_is_accepted_for_them() -> None:
    some = truth_of([HARP, OBOE], CLASSES).rows(np.array([0]))
    assert some.accepted is not None
    assert some.accepted.tolist() == [[True, False, True]]


def test_without_other_accepted_classes_there_is_nothing_to_count() -> None:
    assert truth_of([OBOE], CLASSES).accepted is None
