"""A limit on how often a node publishes: a token bucket that runs on sound time; pure."""


class MessageBudget:
    """Limits a node to `messages_per_minute`, except for messages that cannot wait.

    Every message takes one token. A message that cannot wait may overdraw the bucket, down to minus
    `burst` tokens. Before a message that can wait, call `allows`. The bucket holds at most `burst`
    tokens.
    """

    def __init__(self, messages_per_minute: float, burst: float) -> None:
        self._per_second = messages_per_minute / 60
        self._burst = burst
        self._left = burst
        self._refilled_at = 0.0

    def refill(self, at: float, times: int = 1) -> None:
        """Add tokens for the seconds since the last refill, at `times` the normal rate.

        The time `at` may start again from zero.
        """
        self._left += max(0.0, at - self._refilled_at) * self._per_second * times
        self._left = min(self._left, self._burst)
        self._refilled_at = at

    def spend(self) -> None:
        """Count one message."""
        self._left = max(self._left - 1, -self._burst)

    def allows(self, messages: int) -> bool:
        """Return True if `messages` messages can be sent now."""
        return self._left >= messages
