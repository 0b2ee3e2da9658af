from pathlib import Path

import numpy as np
import pytest

from daemon.hearing.classifier import load_classifier
from model_build.corpus.clips import read_corpus
from model_build.evaluation.events.false_alarms import count_alarms, poisson_interval

FAMILIES = ("drums", "flute", "organ")


def test_counts_alarms_by_sort_over_all_places(corpus: Path) -> None:
    dry = np.ones(1, np.float32)
    every = read_corpus(corpus, FAMILIES)
    found = count_alarms(every, "dev", load_classifier(), [(dry, -30.0), (dry, -40.0)])
    assert set(found.events) == {"noise", "speech"}
    # One clip of 4 s of each sort, in two places.
    assert found.minutes == pytest.approx(4 * 4 / 60, abs=0.01)
    assert found.interval[0] <= found.count <= found.interval[1]


def test_interval_of_a_count_is_garwoods() -> None:
    assert poisson_interval(0) == pytest.approx((0.0, 3.689), abs=1e-3)
    assert poisson_interval(4) == pytest.approx((1.090, 10.242), abs=1e-3)
