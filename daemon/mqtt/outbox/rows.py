"""Convert between events and database rows, each of which has a checksum."""

import re
import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from daemon.hub.messages import Message
from daemon.mqtt.outbox.event_queue import Entry
from daemon.mqtt.outbox.moment import Moment

COLUMNS = (
    "topic TEXT NOT NULL, payload BLOB NOT NULL, boot TEXT NOT NULL, "
    "since_boot REAL NOT NULL, wall REAL NOT NULL, checksum INTEGER NOT NULL"
)
_MOST_TOPIC_BYTES = 65_535
_MOST_PAYLOAD_BYTES = 100_000
_MOST_BOOT_CHARACTERS = 100
ROW_COLUMNS = 7
# Brokers disconnect clients that publish to topics with these: wildcards, control characters and
# noncharacters.
_NOT_IN_A_TOPIC = re.compile(
    "[#+\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(
        chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF)
    )
    + "]"
)


class Rows(NamedTuple):
    """The content of an outbox file."""

    events: dict[int, Entry]
    """Events by number, oldest first."""
    wills: dict[str, Entry]
    """Wills by event id, oldest first."""
    unusable: int
    """Number of rows that are damaged or cannot be sent."""


def decode_text(raw: bytes) -> str:
    """Decode text for sqlite3's `text_factory`; invalid UTF-8 is escaped and fails the checksum."""
    return raw.decode(errors="backslashreplace")


def insert(
    database: sqlite3.Connection, events: Mapping[int, Entry], wills: Mapping[str, Entry]
) -> None:
    """Add events by number and wills by event id."""
    for table, entries in (("events", events), ("wills", wills)):
        database.executemany(
            f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            ((key, *_values(entry), _checksum(*_values(entry))) for key, entry in entries.items()),
        )


def read(database: sqlite3.Connection) -> Rows:
    """Return all rows; raises one of `database.READ_ERRORS` if the file is damaged."""
    events = database.execute("SELECT * FROM events ORDER BY number")
    wills = database.execute("SELECT * FROM wills NOT INDEXED ORDER BY since_boot")
    return check_rows(events, wills)


def check_rows(events: Iterable[Any], wills: Iterable[Any]) -> Rows:
    """Return the usable rows of both tables, and count the others."""
    unusable = 0
    kept: dict[Any, dict[Any, Entry]] = {int: {}, str: {}}
    for kind, rows in ((int, events), (str, wills)):
        for key, *row in rows:
            entry = _entry(row) if isinstance(key, kind) else None
            if entry is None:
                unusable += 1
            else:
                kept[kind][key] = entry
    wills_by_age = sorted(kept[str].items(), key=lambda item: item[1].since.since_boot)
    return Rows(kept[int], dict(wills_by_age), unusable)


def _entry(row: Sequence[Any]) -> Entry | None:
    """Return the event in a row; None if the row is damaged or a broker would refuse the event."""
    if len(row) != ROW_COLUMNS - 1 or _checksum(*row[:-1]) != row[-1]:
        return None
    topic, payload, boot, since_boot, wall = row[:-1]
    if not (_is_topic(topic) and _is_payload(payload) and _is_boot(boot)):
        return None
    moment = Moment(boot, since_boot, wall)
    return Entry(Message(topic, payload, qos=1), moment) if moment.is_possible else None


def _is_topic(topic: Any) -> bool:
    """Return whether a broker accepts messages on this topic."""
    return (
        isinstance(topic, str)
        and _NOT_IN_A_TOPIC.search(topic) is None
        and 0 < len(topic.encode()) <= _MOST_TOPIC_BYTES
    )


def _is_payload(payload: Any) -> bool:
    """Return True if the payload is a JSON object; an earlier process may have written it."""
    if not isinstance(payload, bytes) or len(payload) > _MOST_PAYLOAD_BYTES:
        return False
    try:
        return isinstance(msgspec.json.decode(payload), dict)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


def _is_boot(boot: Any) -> bool:
    return isinstance(boot, str) and len(boot) <= _MOST_BOOT_CHARACTERS


def _values(entry: Entry) -> tuple[str, bytes, str, float, float]:
    return entry.message.topic, entry.message.payload, *entry.since


def _checksum(*values: Any) -> int:
    """Return a checksum of a row, because SQLite does not detect changed values."""
    return zlib.crc32(repr(values).encode())
