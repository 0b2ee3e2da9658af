"""Follow changes of the machine's time zone while the process runs."""

import time

_PAUSE_SECONDS = 60.0


class TimeZone:
    """Makes the C library read the time zone again, at most once a minute; call it often."""

    def __init__(self) -> None:
        self._read_at = time.monotonic()

    def __call__(self) -> None:
        """Read the zone again if a minute has passed; local times then use it."""
        now = time.monotonic()
        if now - self._read_at >= _PAUSE_SECONDS:
            self._read_at = now
            time.tzset()
