"""A node's budget of messages, on the time of its sound."""

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


def test_a_refill_may_count_several_times() -> None:
    budget, allowed = MessageBudget(messages_per_minute=60, burst=9), []
    for _ in range(18):
        budget.spend()
    for second in range(1, 6):
        budget.refill(float(second), times=3)
        allowed.append(budget.allows(4))
    assert allowed == [False, False, False, False, True]


def test_messages_that_cannot_wait_delay_those_that_can() -> None:
    budget = MessageBudget(messages_per_minute=60, burst=3)
    for _ in range(5):
        budget.spend()
    allowed = []
    for second in range(1, 7):
        budget.refill(float(second))
        allowed.append(budget.allows(1))
    assert allowed == [False, False, True, True, True, True]


def test_a_storm_of_messages_overdraws_no_more_than_a_burst() -> None:
    budget = MessageBudget(messages_per_minute=60, burst=3)
    for _ in range(1000):
        budget.spend()
    budget.refill(4.0)
    assert budget.allows(1)


def test_goes_on_when_the_time_of_the_sound_starts_again() -> None:
    budget = MessageBudget(messages_per_minute=60, burst=3)
    budget.refill(1000.0)
    for _ in range(3):
        budget.spend()
    budget.refill(0.5)
    assert not budget.allows(1)
    budget.refill(1.5)
    assert budget.allows(1)
