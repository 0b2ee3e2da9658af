"""A node's message budget, which runs on sound time."""

from daemon.hub.budget import MessageBudget


def test_allows_a_burst_and_then_the_rate() -> None:
    budget, sent = MessageBudget(messages_per_minute=30, burst=6), []
    for second in range(61):
        budget.refill(float(second))
        while budget.allows(1):
            budget.spend()
            sent.append(second)
    assert sent[:6] == [0] * 6
    assert sent[6:] == list(range(2, 61, 2))


def test_refill_adds_a_multiple_of_the_normal_rate() -> None:
    budget, allowed = MessageBudget(messages_per_minute=60, burst=9), []
    for _ in range(18):
        budget.spend()
    for second in range(1, 6):
        budget.refill(float(second), times=3)
        allowed.append(budget.allows(4))
    assert allowed == [False, False, False, False, True]


def test_overdrawn_budget_delays_messages_that_can_wait() -> None:
    budget = MessageBudget(messages_per_minute=60, burst=3)
    for _ in range(5):
        budget.spend()
    allowed = []
    for second in range(1, 7):
        budget.refill(float(second))
        allowed.append(budget.allows(1))
    assert allowed == [False, False, True, True, True, True]


def test_overdraws_at_most_one_burst() -> None:
    budget = MessageBudget(messages_per_minute=60, burst=3)
    for _ in range(1000):
        budget.spend()
    budget.refill(4.0)
    assert budget.allows(1)


def test_refills_after_the_clock_started_again() -> None:
    budget = MessageBudget(messages_per_minute=60, burst=3)
    budget.refill(1000.0)
    for _ in range(3):
        budget.spend()
    budget.refill(0.5)
    assert not budget.allows(1)
    budget.refill(1.5)
    assert budget.allows(1)
