"""A token bucket allows a burst and a steady rate, and nothing beyond."""

from hypothesis import given
from hypothesis import strategies as st

from daemon.hub.token_bucket import TokenBucket


def test_allows_a_burst_and_then_a_steady_rate() -> None:
    bucket = TokenBucket(3, 2.0)
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(100.4), bucket.take(100.5), bucket.take(100.6)] == [False, True, False]
    assert [bucket.take(500.0) for _ in range(4)] == [True, True, True, False]


@given(st.lists(st.floats(0, 3), max_size=200))
def test_never_exceeds_burst_plus_rate(pauses: list[float]) -> None:
    bucket, now, taken = TokenBucket(5, 2.0), 50.0, 0
    for pause in pauses:
        now += pause
        taken += bucket.take(now)
    assert taken <= 5 + 2.0 * (now - 50.0) + 1e-6
