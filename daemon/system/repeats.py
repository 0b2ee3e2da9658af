"""Repeated log lines, kept from filling the log."""

import logging
import time
from typing import NamedTuple

_REPEAT_SECONDS = 300.0


class _Said(NamedTuple):
    at: float
    attempts: int


class Repeats:
    """Logs a line at once when it is new, and again every five minutes with a count of attempts."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._said: dict[str, _Said] = {}

    def say(self, level: int, text: str) -> None:
        """Something happened, for the first time or again."""
        now = time.monotonic()
        last = self._said.get(text)
        if last is None:
            self._log.log(level, "%s", text)
            self._said[text] = _Said(now, 1)
            return
        attempts = last.attempts + 1
        if now - last.at >= _REPEAT_SECONDS:
            self._log.log(level, "%s (%d attempts)", text, attempts)
            last = _Said(now, attempts)
        self._said[text] = last._replace(attempts=attempts)

    def forget(self) -> None:
        """Things went well: whatever comes next is new."""
        self._said.clear()
