"""Limit repeated log lines, so that they do not fill the log."""

import logging
import time
from typing import NamedTuple

_REPEAT_SECONDS = 300.0


class _Logged(NamedTuple):
    at: float
    attempts: int


class LimitedLog:
    """Logs a line when it is new, then at most every five minutes with the number of attempts."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._logged: dict[str, _Logged] = {}

    def log(self, level: int, text: str) -> None:
        """Log `text` if it is new or was last logged five minutes ago; else only count it."""
        now = time.monotonic()
        last = self._logged.get(text)
        if last is None:
            self._log.log(level, "%s", text)
            self._logged[text] = _Logged(now, 1)
            return
        attempts = last.attempts + 1
        if now - last.at >= _REPEAT_SECONDS:
            self._log.log(level, "%s (%d attempts)", text, attempts)
            last = _Logged(now, attempts)
        self._logged[text] = last._replace(attempts=attempts)

    def reset(self) -> None:
        """Treat every line as new from now on, because the problem is over."""
        self._logged.clear()
