from pathlib import Path

import pytest

from daemon.hearing.classifier import BUILT_IN_MODEL
from model_build.evaluation.cost import costs


def test_a_model_alone_has_no_ratio() -> None:
    (ours,) = costs(BUILT_IN_MODEL)
    assert 0.0 < ours.milliseconds < 1000.0
    assert ours.ratio is None


def test_the_ratio_is_to_the_peer(base: Path) -> None:
    ours, theirs = costs(BUILT_IN_MODEL, base)
    assert theirs.ratio == 1.0
    assert ours.ratio == pytest.approx(ours.milliseconds / theirs.milliseconds, rel=0.5)
