"""The history of a box while it runs: remembers the days, and writes in the background."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from daemon.configuration.settings import HistorySettings
from daemon.errors import FailedError, InputError
from daemon.practice.history.records import (
    DayRecord,
    Deleted,
    Deletion,
    EventRecord,
    WeekRecord,
    less,
)
from daemon.practice.summary import Summary

if TYPE_CHECKING:
    from daemon.practice.history.history_file import HistoryFile

log = logging.getLogger(__name__)

_RETRY_SECONDS = 30.0
# Changes that follow each other closely are written together.
_BATCH_SECONDS = 1.0
_LONGEST_EXIT_SECONDS = 5.0
_LONGEST_DELETION_SECONDS = 20.0
# Rows kept in memory while the disk fails.
_MOST_WAITING = 10_000
_BOUNDS = HistorySettings()


class _Key(NamedTuple):
    table: str
    key: tuple[Any, ...]


class History:
    """Keeps events, sessions and days in one file; without a `directory`, only days in memory.

    A context manager; the caller has locked the directory. All methods may be called from any
    thread and never wait for the disk, except for entering, which reads the days. While the disk
    fails, the newest rows are kept in memory and written later. Raises InputError on entry if a
    newer Timbrel wrote the file. `wall` returns the wall time in seconds.
    """

    def __init__(
        self,
        directory: Path | None = None,
        bounds: HistorySettings = _BOUNDS,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._directory = directory
        self._bounds = bounds
        self._wall = wall
        self._changed = threading.Condition()
        self._days: dict[str, dict[date, DayRecord]] = {}
        self._waiting: dict[_Key, tuple[Any, ...]] = {}
        self._deletions: list[tuple[Deletion, Future[Deleted]]] = []
        self._file: HistoryFile | None = None
        self._due_at = 0.0
        self._has_warned = False
        self._closing = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._directory is not None:
            try:
                self._open(self._directory)
            except OSError as error:
                self._lose_file(error)
            self._thread = threading.Thread(target=self._write, name="history", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._thread is not None:
            with self._changed:
                self._closing = True
                self._changed.notify_all()
            self._thread.join(_LONGEST_EXIT_SECONDS)

    def of(self, place: str) -> "PlaceHistory":
        """Return the history of one place."""
        return PlaceHistory(self, place)

    def put_event(self, place: str, event: EventRecord) -> None:
        """Add an event, or replace the one with the same id."""
        from daemon.practice.history.schema import event_row

        self._put("events", (event.event_id,), event_row(place, event))

    def put_session(self, place: str, summary: Summary) -> None:
        """Add a session, or replace the one that started at the same time."""
        from daemon.practice.history.schema import session_row

        self._put("sessions", (place, summary.started), session_row(place, summary))

    def put_day(self, place: str, day: DayRecord) -> None:
        """Replace the playing of one day."""
        from daemon.practice.history.schema import day_row

        with self._changed:
            self._days.setdefault(place, {})[day.day] = day
        self._put("days", (place, day.day), day_row(place, day))

    def day(self, place: str, day: date) -> DayRecord:
        """Return the playing of a recent day; no seconds if there is none."""
        with self._changed:
            return self._days.get(place, {}).get(day, DayRecord(day, 0.0, {}))

    def delete(self, deletion: Deletion) -> Deleted:
        """Delete rows from the file and from memory, and return them once they are gone.

        Waits for the disk. Raises FailedError if it cannot be done now.
        """
        done = Future[Deleted]()
        with self._changed:
            if self._thread is None or self._closing:
                raise FailedError("the history is closed; nothing is deleted")
            self._deletions.append((deletion, done))
            self._changed.notify_all()
        try:
            return done.result(_LONGEST_DELETION_SECONDS)
        except TimeoutError:
            done.cancel()
            raise FailedError("the disk does not answer; look later what is deleted") from None
        except (OSError, InputError) as error:
            reason = getattr(error, "strerror", None) or error
            raise FailedError(f"nothing is deleted: {reason}; see the log") from None

    def _put(self, table: str, key: tuple[Any, ...], row: tuple[Any, ...]) -> None:
        if self._directory is None:
            return
        with self._changed:
            # Removed first, so that the newest row is the last one to be dropped.
            self._waiting.pop(_Key(table, key), None)
            self._waiting[_Key(table, key)] = row
            if len(self._waiting) > _MOST_WAITING:
                del self._waiting[next(iter(self._waiting))]
            if self._file is not None and len(self._waiting) == 1:
                self._due_at = time.monotonic() + _BATCH_SECONDS
            self._changed.notify_all()

    def _write(self) -> None:
        """Write changes until the history closes, and once more then (own thread)."""
        closing = False
        while not closing:
            closing = self._wait_until_due()
            try:
                self._write_waiting()
                self._delete_waiting()
            except (OSError, InputError) as error:
                self._refuse_deletions(error)
                self._lose_file(error)
        self._refuse_deletions(FailedError("the history is closed"))
        if self._file is not None:
            self._file.close()

    def _wait_until_due(self) -> bool:
        """Sleep until there are rows to write; return True if the history is closing."""
        with self._changed:
            while not self._closing and not self._deletions:
                pause = self._due_at - time.monotonic() if self._waiting else None
                if pause is not None and pause <= 0.0:
                    break
                self._changed.wait(pause)
            return self._closing

    def _write_waiting(self) -> None:
        if self._file is None and self._directory is not None:
            self._open(self._directory)
        with self._changed:
            waiting = self._waiting.copy()
        if self._file is None or not waiting:
            return
        rows: dict[str, list[tuple[Any, ...]]] = {}
        for key, row in waiting.items():
            rows.setdefault(key.table, []).append(row)
        self._file.write(rows, self._wall())
        with self._changed:
            for key, row in waiting.items():
                if self._waiting.get(key) is row:
                    del self._waiting[key]
            self._due_at = time.monotonic() + _BATCH_SECONDS
        if self._has_warned:
            self._has_warned = False
            log.info("the history is on disk again")

    def _delete_waiting(self) -> None:
        """Delete what was requested, from the file and from the days in memory."""
        if self._file is None:
            return
        while self._deletions:
            deletion, done = self._deletions[0]
            deleted = self._file.delete(deletion)
            with self._changed:
                del self._deletions[0]
                days = self._days.get(deletion.place, {})
                for day, removed in deleted.days.items():
                    if day in days:
                        days[day] = less(days[day], removed)
                if deleted.is_everything:
                    days.clear()
            with suppress(InvalidStateError):
                done.set_result(deleted)

    def _refuse_deletions(self, error: Exception) -> None:
        with self._changed:
            refused, self._deletions = self._deletions, []
        for _, done in refused:
            with suppress(InvalidStateError):
                done.set_exception(error)

    def _open(self, directory: Path) -> None:
        """Open the file, and remember its days unless they have been counted on."""
        from daemon.practice.history.history_file import HistoryFile

        file = HistoryFile(directory, self._bounds)
        with self._changed:
            for place, day in file.days:
                self._days.setdefault(place, {}).setdefault(day.day, day)
        self._file = file

    def _lose_file(self, error: Exception) -> None:
        """Continue in memory, and retry the disk later."""
        file, self._file = self._file, None
        self._due_at = time.monotonic() + _RETRY_SECONDS
        if file is not None:
            file.close()
        if not self._has_warned:
            self._has_warned = True
            where = getattr(error, "filename", None) or self._directory
            reason = getattr(error, "strerror", None) or error
            log.warning("%s: %s; the history is kept in memory until it is writable", where, reason)


class PlaceHistory:
    """The history of one place; see `History`."""

    def __init__(self, history: History, place: str) -> None:
        self._history = history
        self._place = place

    def put_event(self, event: EventRecord) -> None:
        """Add an event, or replace the one with the same id."""
        self._history.put_event(self._place, event)

    def put_session(self, summary: Summary) -> None:
        """Add a session, or replace the one that started at the same time."""
        self._history.put_session(self._place, summary)

    def put_day(self, day: DayRecord) -> None:
        """Replace the playing of one day."""
        self._history.put_day(self._place, day)

    def day(self, day: date) -> DayRecord:
        """Return the playing of a recent day; no seconds if there is none."""
        return self._history.day(self._place, day)

    def week(self, today: DayRecord) -> WeekRecord:
        """Return what was played in the week of `today`, from Monday to that day."""
        monday = today.day - timedelta(days=today.day.weekday())
        earlier = [self.day(monday + timedelta(days=n)) for n in range(today.day.weekday())]
        families = Counter[str]()
        for day in (*earlier, today):
            families.update(day.families)
        return WeekRecord(sum(day.seconds for day in (*earlier, today)), families)
