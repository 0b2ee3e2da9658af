"""Format log lines as text or JSON, with priorities for the journal."""

import json
import logging
import math
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from daemon.system.printable import printable
from daemon.system.redaction import without_logins

_NAME = "timbrel: "

# Priorities as in syslog(3).
_PRIORITIES = (
    (logging.CRITICAL, 2),
    (logging.ERROR, 3),
    (logging.WARNING, 4),
    (logging.INFO, 6),
    (logging.NOTSET, 7),
)
_OWN = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}


class LogHandler(logging.StreamHandler[TextIO]):
    """Writes log lines to a stream; the format is text until `set_format` changes it."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.set_format("text")

    def set_format(self, kind: str, *, timed: bool = False) -> None:
        """Use the format `text` or `json` from now on.

        With `timed`, text lines on a terminal begin with the time.
        """
        lines: logging.Formatter
        if kind == "json":
            lines = JsonLines()
        elif is_journal(self.stream):
            lines = JournalLines()
        else:
            lines = TextLines(timed=timed and self.stream.isatty())
        self.setFormatter(Prioritized(lines) if is_journal(self.stream) else lines)


def set_format(kind: str, *, timed: bool = False) -> None:
    """Set the format of the program's own log to `text` or `json`, as `LogHandler.set_format`."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, LogHandler):
            handler.set_format(kind, timed=timed)


def is_journal(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether a stream is connected to the journal.

    systemd gives the device and inode of the journal's stream in JOURNAL_STREAM.
    """
    try:
        place = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environment.get("JOURNAL_STREAM") == f"{place.st_dev}:{place.st_ino}"


class TextLines(logging.Formatter):
    """Text lines: the program's name and the message, after the time if `timed`.

    A message that already begins with the program's name, because a place has the same name, does
    not get it twice.
    """

    def __init__(self, *, timed: bool = False) -> None:
        super().__init__()
        self._timed = timed

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, or a traceback's lines, with terminal control characters escaped."""
        text = self._named(printable(without_logins(super().format(record)), keep="\n\t"))
        if not self._timed:
            return text
        return f"{datetime.fromtimestamp(record.created):%Y-%m-%d %H:%M:%S} {text}"  # noqa: DTZ006

    def _named(self, text: str) -> str:
        return text if text.startswith(_NAME) else _NAME + text


class JournalLines(TextLines):
    """Text lines without the program's name and the time, which the journal adds itself."""

    def _named(self, text: str) -> str:
        return text.removeprefix(_NAME)


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and the `extra` fields of the call."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the JSON object as text."""
        extra = {key: value for key, value in vars(record).items() if key not in _OWN}
        entry = extra | {
            "time": datetime.fromtimestamp(record.created, UTC)
            .astimezone()
            .isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_logins(record.getMessage()),
        }
        if record.exc_info:
            entry["exception"] = without_logins(self.formatException(record.exc_info))
        # Every line begins with these fields in this order.
        order = ("time", "level", "logger", "message")
        return json.dumps({key: _plain(entry[key]) for key in dict.fromkeys((*order, *entry))})


class Prioritized(logging.Formatter):
    """Prefixes each line of another formatter with its priority for the journal: sd-daemon(3)."""

    def __init__(self, lines: logging.Formatter) -> None:
        super().__init__()
        self._lines = lines

    def format(self, record: logging.LogRecord) -> str:
        """Return the other formatter's lines with the record's priority before each."""
        priority = next(number for level, number in _PRIORITIES if record.levelno >= level)
        text = self._lines.format(record)
        return "\n".join(f"<{priority}>{line}" for line in text.splitlines() or [""])


def _plain(value: Any) -> Any:
    """Return a value that JSON can represent; anything else as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
