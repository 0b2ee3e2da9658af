"""Hostile files in the state directory, and what must hold for each; see hostile.py."""

import functools
import shutil
import struct
import tempfile
from pathlib import Path
from typing import NamedTuple

import msgspec
from hypothesis import strategies as st

from daemon.configuration.settings import MqttSettings
from daemon.errors import InputError
from daemon.hub.identity import AnnouncedPlace, Identity, read_identity
from daemon.hub.messages import Message
from daemon.hub.topics import device_topic, retained_topics
from daemon.mqtt.outbox.database import NAME, OutboxFile
from daemon.mqtt.outbox.event_queue import Entry
from daemon.mqtt.outbox.moment import Moment
from daemon.practice.sessions import Diary, Session
from tests.daemon.hostile import EDITS, Case, Edit, damaged
from tests.daemon.system.files.test_json_store import practice_store, use_diary

_PAGE = 4096
_WRITES = 25
_NEW = Entry(Message("t/room/event", b'{"new":true}', 1), Moment("boot", 1.0, 1.0))


class _Outbox(NamedTuple):
    """The outbox of a killed daemon."""

    database: bytes
    log: bytes
    log_before_last: int
    """Size of the log before the last write, in bytes."""
    entries: frozenset[Entry]


@functools.cache
def _outbox() -> _Outbox:
    entries = [
        Entry(
            Message("t/room/event", b'{"n":%d}%s' % (n, b" " * 400), 1), Moment("b", float(n), 1.0)
        )
        for n in range(_WRITES)
    ]
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        file = OutboxFile(directory)
        file.write(dict(enumerate(entries[:10], 1)), [], {})
        file.close()
        file = OutboxFile(directory)
        log, before = directory / f"{NAME}-wal", 0
        for number, entry in enumerate(entries[10:], 11):
            before = log.stat().st_size if log.exists() else 0
            file.write({number: entry}, [], {"id": entry})
        database, content = (directory / NAME).read_bytes(), log.read_bytes()
        file.close()
    return _Outbox(database, content, before, frozenset(entries))


def _swapped(content: bytes, one: int, other: int, first: int, size: int) -> bytes:
    """Swap two pages, or two frames of the log."""
    count = max(1, (len(content) - first) // size)
    places = [first + (number % count) * size for number in (one, other)]
    pages = [content[at : at + size] for at in places]
    swapped = bytearray(content)
    for at, page in zip(places, reversed(pages), strict=True):
        swapped[at : at + size] = page
    return bytes(swapped)


def _packed(database: bytes, log: bytes) -> tuple[bytes, str]:
    return struct.pack(">I", len(database)) + database + log, ""


def _damaged_outbox(
    edits: list[Edit], log_edits: list[Edit], swap: tuple[int, int] | None
) -> bytes:
    outbox = _outbox()
    database, log = damaged(outbox.database, edits), damaged(outbox.log, log_edits)
    if swap is not None:
        database = _swapped(database, *swap, 0, _PAGE)
        log = _swapped(log, *swap, 32, 24 + _PAGE)
    return _packed(database, log)[0]


_NO_EDITS: st.SearchStrategy[list[Edit]] = st.just([])
_SWAPS = st.none() | st.tuples(st.integers(0, 99), st.integers(0, 99))
OUTBOXES = st.builds(_damaged_outbox, EDITS | _NO_EDITS, EDITS | _NO_EDITS, _SWAPS)
# Edits that keep the length: a cut log would look like a shorter undamaged one.
_CHANGES = st.lists(
    st.builds(
        Edit,
        st.sampled_from(["flip", "set", "clear"]),
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 255),
        st.integers(1, 64),
    ),
    min_size=1,
    max_size=4,
)
LOGS = st.builds(lambda edits: _packed(_outbox().database, damaged(_outbox().log, edits)), _CHANGES)


def _opened(content: bytes, directory: Path) -> OutboxFile | None:
    """Open the outbox and check that it can be written; return None if it is refused."""
    for old in directory.iterdir():
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    (size,) = struct.unpack_from(">I", content)
    (directory / NAME).write_bytes(content[4 : 4 + size])
    (directory / f"{NAME}-wal").write_bytes(content[4 + size :])
    try:
        file = OutboxFile(directory)
    except InputError as error:
        assert "made by a newer Timbrel" in str(error)  # noqa: PT017
        return None
    file.write({1_000_000: _NEW}, [], {})
    file.close()
    again = OutboxFile(directory)
    again.close()
    assert _NEW in again.events
    assert set(file.events) <= set(again.events)
    return file


def check_outbox(content: bytes, path: Path) -> bool:
    """The file works and contains only original events, or it is refused as a newer version."""
    path.unlink()
    file = _opened(content, path.parent)
    if file is None:
        return False
    assert {*file.events, *file.wills} <= _outbox().entries
    return bool(file.events)


def check_log(content: bytes, path: Path) -> bool:
    """No event is lost without a log line, except those of the last write."""
    path.unlink()
    file = _opened(content, path.parent)
    assert file is not None
    lost = _outbox().entries - set(file.events)
    assert len(lost) <= 1 or list(path.parent.glob("*.damaged*")), "events are lost silently"
    return not lost


@functools.cache
def _diary() -> bytes:
    session = Session(1.69e9, 600.0, ("guitar", "flute"))
    diary = Diary("2023-11-14", 700.5, {"guitar": 600.0, "flute": 1e-3}, session, session)
    return msgspec.json.encode(diary)


_NUMBERS = st.sampled_from(
    [b"-1", b"1e300", b"-1e9", b"1e12", b"null", b"7258118400", b"1e999", b"[]"]
)


def _other_numbers(numbers: list[tuple[int, bytes]], edits: list[Edit]) -> tuple[bytes, str]:
    content = _diary()
    for place, number in numbers:
        parts = content.split(b":")
        at = place % len(parts)
        head, comma, tail = parts[at].partition(b",")
        parts[at] = number + comma + tail if comma else head
        content = b":".join(parts)
    return damaged(content, edits), ""


DIARIES = st.builds(
    _other_numbers,
    st.lists(st.tuples(st.integers(0, 99), _NUMBERS), max_size=2),
    EDITS | _NO_EDITS,
)


def check_diary(content: bytes, path: Path) -> bool:
    """The diary is moved aside, or the daemon can continue with it."""
    path.unlink()
    for old in path.parent.glob("practice-*"):
        old.unlink()
    path.with_name("practice-room.json").write_bytes(content)
    diary = practice_store(path.parent).read()
    use_diary(diary)
    return diary != Diary()


@functools.cache
def _identity() -> bytes:
    places = tuple(AnnouncedPlace(name, "home/music", "ha", "attic") for name in ("hall", "porch"))
    return msgspec.json.encode(Identity(1, "3f2a91bc", places))


IDENTITIES = st.builds(
    lambda edits: (damaged(_identity().replace(b'"attic"', b"null", 1), edits), ""), EDITS
)


def check_identity(content: bytes, path: Path) -> bool:
    """The identity is moved aside or refused as a newer version, or its topics are valid."""
    path.unlink()
    for old in path.parent.glob("identity*"):
        old.unlink()
    path.with_name("identity.json").write_bytes(content)
    try:
        identity = read_identity(path.parent, MqttSettings())
    except InputError as error:
        assert "was written by a newer Timbrel" in str(error)  # noqa: PT017
        return False
    assert identity.schema == 1
    for place in identity.places:
        topics = retained_topics(place.topic_prefix, place.name)
        topics.append(device_topic(place.discovery_prefix, place.name, identity.id_suffix))
        assert not any(set(topic) & set("+#\0") for topic in topics)
    return bool(identity.places)


STATE_CASES = {
    "outboxes with logs": Case(OUTBOXES.map(lambda content: (content, "")), check_outbox, 60),
    "logs": Case(LOGS, check_log, 60),
    "diaries": Case(DIARIES, check_diary, 200),
    "identities": Case(IDENTITIES, check_identity, 200),
}
