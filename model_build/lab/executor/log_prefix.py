"""Mark the log lines of one task, because several run at the same time."""

import contextlib
import logging
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def log_prefix(prefix: str) -> Iterator[None]:
    """Begin the message of every log record with `prefix`."""
    make = logging.getLogRecordFactory()

    def prefixed(*record: Any, **options: Any) -> logging.LogRecord:
        name, level, path, line, message, values, *others = record
        start = prefix.replace("%", "%%") if values else prefix
        return make(name, level, path, line, f"{start}{message}", values, *others, **options)

    logging.setLogRecordFactory(prefixed)
    try:
        yield
    finally:
        logging.setLogRecordFactory(make)
