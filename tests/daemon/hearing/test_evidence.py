"""The sum of evidence: its steps, limits and onset."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.hearing.evidence import Evidence, least_patches
from daemon.hearing.patch_grid import PatchLogits
from daemon.hearing.patience import EVIDENCE


def evidence_after(logits: list[float], threshold_logit: float = 0.0) -> Evidence:
    """Return the evidence of one family after patches half a second apart."""
    evidence = Evidence(np.array([threshold_logit]))
    for number, logit in enumerate(logits):
        evidence.add(PatchLogits(number / 2, number / 2 + 1, np.array([logit], np.float32)))
    return evidence


@pytest.mark.parametrize(
    ("logits", "expected"),
    [
        ([1.2], 0.48),
        ([9.0], 0.72),
        ([9.0, 9.0], 0.95 * 0.72 + 0.72),
        ([9.0, 9.0, -1.0], 0.95 * (0.95 * 0.72 + 0.72) - 0.48 * 1.2),
        ([9.0, -9.0], 0.0),
        ([0.1], 0.0),
        ([9.0, float("-inf"), 1.2], 0.48),
        ([9.0, float("nan"), 1.2], 0.48),
    ],
)
def test_sum_follows_the_published_rule(logits: list[float], expected: float) -> None:
    assert evidence_after(logits).sums[0] == pytest.approx(expected)
    assert evidence_after([x + 2 for x in logits], 2.0).sums[0] == pytest.approx(expected)


def test_onset_is_the_patch_that_last_raised_the_sum_from_zero() -> None:
    assert evidence_after([-9.0, -9.0, 9.0, 9.0]).onsets[0] == 1.0
    assert evidence_after([9.0, 9.0, -1.0, 9.0]).onsets[0] == 0.0
    assert evidence_after([9.0, -9.0, 9.0]).onsets[0] == 1.0


def test_mean_logit_covers_the_patches_since_the_onset() -> None:
    assert evidence_after([-9.0, 1.0, 1.4]).mean_logit(0) == pytest.approx(1.2)
    # Each patch is limited to 1.7 above the threshold and 2.3 below it.
    assert evidence_after([9.0, 9.0, 9.0, -9.0]).mean_logit(0) == pytest.approx(0.7)


@given(logits=st.lists(st.floats(-20, 20), max_size=60))
def test_sum_above_zero_implies_a_mean_above_the_threshold(logits: list[float]) -> None:
    evidence = evidence_after(logits)
    assert 0.0 <= evidence.sums[0] < 14.4
    if evidence.sums[0] > 0.0:
        assert evidence.mean_logit(0) > 0.0


@pytest.mark.parametrize("needed", sorted(EVIDENCE.values()))
def test_least_patches_reach_the_evidence_but_one_fewer_does_not(needed: float) -> None:
    count = least_patches(needed)
    assert evidence_after([9.0] * count).sums[0] >= needed
    assert evidence_after([9.0] * (count - 1)).sums[0] < needed


@pytest.mark.parametrize(
    ("missing", "onset"), [(1, 0.0), (3, 0.0), (4, 0.0), (5, 7.5), (20, 15.0), (7_200, 3_605.0)]
)
def test_lost_sound_counts_as_silence(missing: int, onset: float) -> None:
    evidence, lost = evidence_after([9.0] * 10), evidence_after([9.0] * 10 + [-9.0] * missing)
    start = (10 + missing) / 2
    for each in (evidence, lost):
        each.add(PatchLogits(start, start + 1, np.array([9.0], np.float32)))
    assert evidence.sums[0] == pytest.approx(lost.sums[0])
    assert evidence.onsets[0] == lost.onsets[0] == onset


def test_most_evidence_is_forgotten_in_lost_sound() -> None:
    evidence = evidence_after([9.0] * 1_000)
    evidence.add(PatchLogits(600.0, 601.0, np.array([9.0], np.float32)))
    assert evidence.sums[0] == pytest.approx(0.72)
    assert evidence.onsets[0] == 600.0


def test_forgetting_a_family_leaves_the_others() -> None:
    evidence = Evidence(np.zeros(2))
    evidence.add(PatchLogits(0.0, 1.0, np.array([9.0, 9.0], np.float32)))
    evidence.forget(0)
    assert evidence.sums.tolist() == [0.0, pytest.approx(0.72)]
