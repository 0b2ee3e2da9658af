"""The machine's time zone, also when it is changed while the process runs."""

import time

_PAUSE_SECONDS = 60.0


class TimeZone:
    """A chore of the loop that reads the zone again, at most once a minute."""

    def __init__(self) -> None:
        self._read_at = time.monotonic()

    def __call__(self) -> None:
        """Read it if that is due; local times follow it from then on."""
        now = time.monotonic()
        if now - self._read_at >= _PAUSE_SECONDS:
            self._read_at = now
            time.tzset()
