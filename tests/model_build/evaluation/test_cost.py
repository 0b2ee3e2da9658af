from pathlib import Path

import pytest

from daemon.hearing.classifier import BUILT_IN_MODEL
from model_build.evaluation.cost import measure_costs


def test_cost_without_peer_has_no_ratio() -> None:
    (ours,) = measure_costs(BUILT_IN_MODEL)
    assert 0.0 < ours.milliseconds < 1000.0
    assert ours.ratio is ours.sparse_ratio is None


def test_ratio_is_relative_to_peer(base: Path) -> None:
    ours, theirs = measure_costs(BUILT_IN_MODEL, base)
    assert theirs.ratio == 1.0
    assert theirs.patches_a_second == 2.0
    assert ours.ratio == pytest.approx(ours.milliseconds / theirs.milliseconds, rel=0.5)
    # Every 0.975 s instead of every 0.5 s.
    assert theirs.sparse_ratio == pytest.approx(0.975 / 0.5, rel=0.3)
    assert ours.ratio is not None
    assert ours.sparse_ratio is not None
    assert ours.sparse_ratio > 1.3 * ours.ratio
