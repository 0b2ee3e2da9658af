"""When a changed value is due to be published again."""

import operator

import pytest

from daemon.hub.budget import MessageBudget
from daemon.hub.changes import ChangeFilter


def moved_by_three(published: float, new: float) -> bool:
    return abs(new - published) >= 3.0


def changed_sign(published: float, new: float) -> bool:
    return (published < 0) != (new < 0)


def test_first_value_is_due_at_once() -> None:
    changes = ChangeFilter(moved_by_three, seconds=10.0, budget=MessageBudget(60, 0), need=4)
    assert changes.is_due(0.0, at=0.0)
    assert changes.last is None


def test_value_stays_due_until_it_is_published() -> None:
    changes = ChangeFilter[str](operator.ne)
    assert changes.is_due("hearing", at=1.0)
    assert changes.is_due("hearing", at=2.0)
    changes.published("hearing", at=2.0)
    assert not changes.is_due("hearing", at=3.0)
    assert changes.last == "hearing"


@pytest.mark.parametrize(
    ("value", "at", "is_due"),
    [(3.0, 9.9, False), (3.0, 10.0, True), (2.9, 10.0, False), (-3.0, 1e9, True)],
)
def test_later_value_is_due_after_a_pause_if_it_differs_enough(
    value: float, at: float, *, is_due: bool
) -> None:
    changes = ChangeFilter(moved_by_three, seconds=10.0)
    changes.published(0.0, at=0.0)
    assert changes.is_due(value, at) == is_due


def test_value_is_due_after_the_clock_started_again() -> None:
    changes = ChangeFilter(moved_by_three, seconds=10.0)
    changes.published(0.0, at=100.0)
    assert changes.is_due(3.0, at=1.0)
    changes.published(3.0, at=1.0)
    assert not changes.is_due(6.0, at=2.0)


def test_slow_drift_is_compared_with_the_published_value() -> None:
    changes = ChangeFilter(moved_by_three)
    changes.published(0.0, at=0.0)
    assert [level for level in range(6) if changes.is_due(level, at=level)] == [3, 4, 5]


def test_urgent_value_is_due_without_pause_and_budget() -> None:
    budget = MessageBudget(60, 1)
    changes = ChangeFilter(
        moved_by_three, seconds=10.0, is_urgent=changed_sign, budget=budget, need=2
    )
    changes.published(1.0, at=0.0)
    assert changes.is_due(-1.0, at=0.0)
    assert not changes.is_due(9.0, at=20.0)


def test_value_waits_until_the_budget_allows_the_needed_messages() -> None:
    budget = MessageBudget(60, 6)
    changes = ChangeFilter(moved_by_three, budget=budget, need=4)
    changes.published(0.0, at=0.0)
    for _ in range(3):
        budget.spend()
    assert not changes.is_due(5.0, at=1.0)
    budget.refill(at=1.0)
    assert changes.is_due(5.0, at=1.0)


def test_difference_does_not_depend_on_time_and_budget() -> None:
    changes = ChangeFilter(moved_by_three, seconds=10.0, budget=MessageBudget(60, 0), need=1)
    assert changes.differs(0.0)
    changes.published(0.0, at=0.0)
    assert [changes.differs(2.0), changes.differs(3.0)] == [False, True]


def test_any_value_is_due_after_forget() -> None:
    changes = ChangeFilter(moved_by_three, seconds=10.0)
    changes.published(0.0, at=100.0)
    changes.forget()
    assert changes.is_due(0.0, at=0.0)
