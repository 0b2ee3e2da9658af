"""A token bucket: allows a burst and limits the rate after it; pure, time is an argument."""


class TokenBucket:
    """Holds at most `size` tokens and gains `per_second`; full at first."""

    def __init__(self, size: float, per_second: float) -> None:
        self._size = size
        self._per_second = per_second
        self._tokens = size
        self._filled_at = 0.0

    def take(self, now: float) -> bool:
        """Take a token; return False if there is none. `now` is in seconds and never decreases."""
        gained = self._per_second * (now - self._filled_at)
        self._tokens = min(self._size, self._tokens + gained)
        self._filled_at = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
