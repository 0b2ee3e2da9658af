"""Log lines: for people, or one JSON object each; with priorities where the journal reads them."""

import json
import logging
import math
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from daemon.printable import printable

_PRIORITIES = (
    (logging.CRITICAL, 2),
    (logging.ERROR, 3),
    (logging.WARNING, 4),
    (logging.INFO, 6),
    (logging.NOTSET, 7),
)
_OWN = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}


class LogHandler(logging.StreamHandler[TextIO]):
    """Writes text lines to a stream until told to write others."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.write_as("text")

    def write_as(self, kind: str) -> None:
        """From now on lines of `text` or of `json`."""
        lines: logging.Formatter = JsonLines() if kind == "json" else TextLines()
        self.setFormatter(Prioritized(lines) if to_journal(self.stream) else lines)


def write_as(kind: str) -> None:
    """Have the program's own log written as `text` or as `json` from now on."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, LogHandler):
            handler.write_as(kind)


def to_journal(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a stream is the journal's, as systemd says by its device and inode."""
    try:
        place = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environment.get("JOURNAL_STREAM") == f"{place.st_dev}:{place.st_ino}"


class TextLines(logging.Formatter):
    """What a person reads."""

    def __init__(self) -> None:
        super().__init__("timbrel: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """The line; it may name files, brokers and cameras, whose texts are foreign."""
        return printable(super().formatMessage(record), keep="\n\t")


class JsonLines(logging.Formatter):
    """One object a line: time, level, logger, message, and whatever `extra` a call gave."""

    def format(self, record: logging.LogRecord) -> str:
        """The object as text."""
        extra = {key: value for key, value in vars(record).items() if key not in _OWN}
        entry = extra | {
            "time": datetime.fromtimestamp(record.created, UTC)
            .astimezone()
            .isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        # The same order in every line: what all have, then the rest.
        order = ("time", "level", "logger", "message")
        return json.dumps({key: _plain(entry[key]) for key in dict.fromkeys((*order, *entry))})


class Prioritized(logging.Formatter):
    """Another's lines, each with the priority that the journal takes from it: sd-daemon(3)."""

    def __init__(self, lines: logging.Formatter) -> None:
        super().__init__()
        self._lines = lines

    def format(self, record: logging.LogRecord) -> str:
        """The other's lines with the record's priority before each."""
        priority = next(number for level, number in _PRIORITIES if record.levelno >= level)
        text = self._lines.format(record)
        return "\n".join(f"<{priority}>{line}" for line in text.splitlines() or [""])


def _plain(value: Any) -> Any:
    """A value that JSON knows; anything else as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
