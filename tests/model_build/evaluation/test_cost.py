from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.hearing.classifier import BUILT_IN_MODEL
from model_build.evaluation.cost import costs_of, measure_costs, peer_run


def test_cost_without_peer_has_no_ratio() -> None:
    (ours,) = measure_costs(BUILT_IN_MODEL)
    assert ours.milliseconds > 0.0
    assert ours.ratio is ours.sparse_ratio is None


def test_measures_the_model_and_the_peer(base: Path) -> None:
    ours, theirs = measure_costs(BUILT_IN_MODEL, base)
    assert ours.milliseconds > 0.0
    assert theirs.milliseconds > 0.0
    assert ours.ratio is not None
    assert ours.sparse_ratio is not None
    assert theirs.ratio == 1.0


def test_ratios_are_medians_of_the_rounds() -> None:
    # The machine is three times as slow in the last round, and the peer was disturbed in the first.
    rounds = np.array([[2.0, 40.0, 5.0], [2.0, 10.0, 5.0], [6.0, 30.0, 15.0]])
    ours, theirs = costs_of(rounds, patches=1.5)
    assert (ours.milliseconds, theirs.milliseconds) == (2.0, 30.0)
    assert (ours.ratio, ours.sparse_ratio) == pytest.approx((0.2, 0.4))
    assert (theirs.ratio, theirs.sparse_ratio) == pytest.approx((1.0, 2.0))
    assert (ours.patches_a_second, theirs.patches_a_second) == (1.5, 2.0)


class CountedNetwork:
    """Stands in for a network of one second, because only how often it runs matters."""

    def __init__(self) -> None:
        self.runs = 0

    def get_input_details(self) -> list[dict[str, Any]]:
        return [{"index": 0, "shape": [1, 16_000]}]

    def get_output_details(self) -> list[dict[str, Any]]:
        return [{"index": 1}]

    def set_tensor(self, _index: int, values: NDArray[np.float32]) -> None:
        assert values.shape == (16_000,)

    def invoke(self) -> None:
        self.runs += 1

    def get_tensor(self, _index: int) -> None:
        pass


@pytest.mark.parametrize(("hop", "runs"), [(8_000, 60), (16_000, 30)])
def test_peer_hears_all_of_the_sound_at_every_hop(hop: int, runs: int) -> None:
    network = CountedNetwork()
    peer_run(network, np.zeros(30 * 16_000, np.float32), hop)()
    assert network.runs == runs
