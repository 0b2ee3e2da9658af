import numpy as np
import pytest

from model_build.lab.features.truth import Truth
from model_build.lab.validation.metrics import figures, interval, mean_over_groups

CLASSES = ("Kick", "Snare", "Hat")
SCORES = np.array(
    [
        [0.7, 0.2, 0.1],
        [0.4, 0.5, 0.1],
        [0.3, 0.6, 0.1],
        [0.2, 0.3, 0.5],
        [0.6, 0.1, 0.3],
        [0.35, 0.35, 0.3],
    ]
)


def truth(places: list[int]) -> Truth:
    has = np.zeros((len(places), len(CLASSES)), np.bool_)
    has[np.arange(len(places)), places] = True
    return Truth(CLASSES, has, np.ones_like(has))


KICK_SNARE = truth([0, 0, 1, 1, 0, 1])


def test_worked_example() -> None:
    found = figures(KICK_SNARE, SCORES)
    kick, snare, hat = found.classes
    assert kick.roc_auc == 1.0
    assert snare.roc_auc == pytest.approx(7 / 9)
    assert hat.roc_auc is None
    assert found.roc_auc_macro.value == pytest.approx(8 / 9)
    assert str(found.roc_auc_macro) == "0.889 (over 2 of 3)"
    assert found.accuracy == 0.5, "a tie goes to the first class"
    assert kick.f1 == pytest.approx(2 / 3)
    assert snare.f1 == pytest.approx(0.4)
    assert hat.f1 is None
    assert found.f1_macro.value == pytest.approx((2 / 3 + 0.4) / 2)
    assert (found.f1_macro.over, found.f1_macro.of) == (2, 3)


def test_figures_of_the_three_best_scores() -> None:
    found = figures(KICK_SNARE, SCORES)
    assert found.top3 == 1.0
    # The places of the right classes are 1, 2, 1, 2, 1 and 2.
    assert found.map3 == pytest.approx(0.75)
    assert found.balanced_accuracy == pytest.approx((2 / 3 + 1 / 3) / 2)


def test_other_accepted_classes_are_right_in_a_figure_of_their_own() -> None:
    accepted = KICK_SNARE.has.copy()
    accepted[3, 2] = True  # the highest score of the fourth is the hat's
    found = figures(KICK_SNARE._replace(accepted=accepted), SCORES)
    assert found.accepted_accuracy == pytest.approx(4 / 6)
    assert found.accuracy == 0.5, "the accuracy is that of the labels"
    assert figures(KICK_SNARE, SCORES).accepted_accuracy is None


def test_perfect_scores() -> None:
    perfect = KICK_SNARE.has.astype(np.float64)
    found = figures(KICK_SNARE, perfect)
    assert found.accuracy == found.f1_micro == found.pr_auc_macro.value == 1.0
    assert found.hamming_loss == found.calibration_error == 0.0


def test_unknown_labels_enter_no_figure() -> None:
    known = np.ones_like(KICK_SNARE.has)
    # The only wrong decisions at 0.45: Hat in clip 3, Snare in clip 1, Kick in clip 4 is right.
    known[3, 2] = known[1, 1] = False
    masked = KICK_SNARE._replace(known=known)
    open_, hidden = figures(KICK_SNARE, SCORES, 0.45), figures(masked, SCORES, 0.45)
    wrong_by_omission = 3  # Kick of clip 1, Snare of clips 3 and 5
    assert open_.hamming_loss == pytest.approx((2 + wrong_by_omission) / 18)
    assert hidden.hamming_loss == pytest.approx(wrong_by_omission / 16)
    assert hidden.accuracy is None


def test_micro_figures_count_all_known_decisions_alike() -> None:
    found = figures(KICK_SNARE, SCORES, 0.45)
    # Predicted: Kick of clips 0 and 4, Snare of 1 and 2, Hat of 3; right are those of 0, 2 and 4.
    assert found.precision_micro == pytest.approx(3 / 5)
    assert found.recall_micro == pytest.approx(3 / 6)
    assert found.f1_micro == pytest.approx(2 * 3 / (5 + 6))
    nothing = figures(KICK_SNARE, SCORES, 0.9)
    assert (nothing.precision_micro, nothing.recall_micro) == (None, 0.0)


def test_recordings_without_a_known_label_have_no_hamming_loss() -> None:
    unknown = KICK_SNARE._replace(known=np.zeros_like(KICK_SNARE.known))
    assert figures(unknown, SCORES, 0.5).hamming_loss is None


def test_interval_is_wider_over_few_groups() -> None:
    many = truth([0, 0, 1, 1, 0, 1] * 10)
    scores = np.tile(SCORES, (10, 1))
    alone = [str(n) for n in range(60)]
    by_clip = [str(n % 6) for n in range(60)]

    def width(groups: list[str]) -> float:
        rng = np.random.default_rng(1)
        found = interval(many, scores, groups, "accuracy", threshold=None, rng=rng)
        assert found is not None
        assert found[0] <= 0.5 <= found[1]
        return found[1] - found[0]

    assert width(by_clip) > 1.5 * width(alone)


def test_one_group_has_no_interval() -> None:
    both = truth([0, 0, 1, 1, 0, 1])
    rng = np.random.default_rng(1)
    assert interval(both, SCORES, ["x"] * 6, "accuracy", threshold=None, rng=rng) is None
    assert mean_over_groups(both, SCORES, ["x"] * 6, "accuracy", threshold=None) is None


def test_mean_over_groups_counts_each_group_alike() -> None:
    has = np.eye(2, dtype=np.bool_)[[0, 0, 0, 1]]
    scores = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    two = Truth(("a", "b"), has, np.ones_like(has))

    def mean(groups: str, metric: str = "accuracy") -> float | None:
        return mean_over_groups(two, scores, list(groups), metric, threshold=None)

    assert mean("xxxy") == pytest.approx((2 / 3 + 0) / 2)
    assert mean("xyyx") == pytest.approx(0.5)
    assert mean("wxyz") is None
    assert mean("xxxy", "roc_auc_macro") is None
    assert mean("xyyx", "roc_auc_macro") == 1.0, "the group of one class has none"
