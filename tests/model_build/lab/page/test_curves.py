import numpy as np
import pytest

from model_build.lab.features.truth import Truth
from model_build.lab.page.curves import class_curves, threshold_curves

TRUTH = Truth(
    ("kick", "snare", "hat"),
    np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]], np.bool_),
    np.ones((4, 3), np.bool_),
)
SCORES = np.array([[0.9, 0.1, 0], [0.4, 0.6, 0], [0.2, 0.7, 0.1], [0.6, 0.4, 0]])


def test_curves_of_classes_that_some_recordings_have_and_some_lack() -> None:
    mean, kick, snare = class_curves(TRUTH, SCORES)
    assert (mean.name, kick.name, snare.name) == ("", "kick", "snare")
    # 0.9 and 0.4 are kicks, 0.6 and 0.2 are not.
    assert (kick.roc.x[:2], kick.roc.y[:2]) == ([0, 0], [0, 0.5])
    assert kick.roc.y[51] == 1.0
    assert kick.recall.y[0] == 1.0
    assert kick.recall.y[-1] == pytest.approx(2 / 3, abs=0.001)
    assert mean.roc.y[1] == pytest.approx((kick.roc.y[1] + snare.roc.y[1]) / 2)


def test_unknown_labels_enter_no_curve() -> None:
    known = np.ones((4, 3), np.bool_)
    known[3] = False
    kick = class_curves(TRUTH._replace(known=known), SCORES)[1]
    assert kick.roc.y[1] == 1.0, "without the false 0.6, both kicks are ahead of all others"


def test_figures_over_thresholds() -> None:
    kick, snare = threshold_curves(TRUTH, SCORES)
    at = round(0.5 * 50)
    assert (kick.precision[at], kick.recall[at], kick.f1[at]) == (0.5, 0.5, 0.5)
    assert kick.precision[-1] is None, "nothing scores 1"
    assert kick.best == pytest.approx(0.22)
    assert snare.name == "snare"
