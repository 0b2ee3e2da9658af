"""A limit on how often a node publishes: a token bucket that runs on sound time; pure."""


class MessageBudget:
    """Keeps a node below so many messages a minute, except for those that cannot wait.

    Every message takes one from the budget. A message that cannot wait may overdraw it, down to
    minus `burst`; a message that can wait asks `allows` first. At most `burst` can be saved up.
    """

    def __init__(self, messages_per_minute: float, burst: float) -> None:
        self._per_second = messages_per_minute / 60
        self._burst = burst
        self._left = burst
        self._refilled_at = 0.0

    def refill(self, at: float, times: int = 1) -> None:
        """Refill the bucket for the seconds since the last refill.

        The time `at` may start again from zero.
        """
        self._left += max(0.0, at - self._refilled_at) * self._per_second * times
        self._left = min(self._left, self._burst)
        self._refilled_at = at

    def spend(self) -> None:
        """Count one message."""
        self._left = max(self._left - 1, -self._burst)

    def allows(self, messages: int) -> bool:
        """Return True if so many messages can be sent now."""
        return self._left >= messages
