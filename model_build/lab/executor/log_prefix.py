"""Mark the log lines of one task, because several run at the same time."""

import contextlib
import logging
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def log_prefix(prefix: str) -> Iterator[None]:
    """Begin the message of every log record with `prefix`."""
    make = logging.getLogRecordFactory()

    def prefixed(*arguments: Any, **options: Any) -> logging.LogRecord:
        record = make(*arguments, **options)
        record.msg = f"{prefix.replace('%', '%%') if record.args else prefix}{record.msg}"
        return record

    logging.setLogRecordFactory(prefixed)
    try:
        yield
    finally:
        logging.setLogRecordFactory(make)
