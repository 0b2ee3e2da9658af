"""Collect the warnings that decoding a recording logs, to show them to its owner."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOGGER = "daemon.sound"


@contextmanager
def collected_warnings() -> Iterator[list[str]]:
    """Yield a list that gets the warnings which this thread logs while it decodes."""
    collector = _Collector(threading.get_ident())
    logger = logging.getLogger(_LOGGER)
    logger.addHandler(collector)
    try:
        yield collector.found
    finally:
        logger.removeHandler(collector)


class _Collector(logging.Handler):
    def __init__(self, thread: int) -> None:
        super().__init__(logging.WARNING)
        self._thread = thread
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.found.append(record.getMessage())
