"""Unacknowledged events, written to disk before they are sent.

Memory and disk hold the same events, so that no event is lost if the disk fails.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from daemon.configuration.settings import OutboxSettings
from daemon.errors import InputError
from daemon.hub.messages import Message
from daemon.mqtt.outbox.event_queue import Entry, EventQueue, OutgoingEvent
from daemon.mqtt.outbox.moment import Moment, this_moment

if TYPE_CHECKING:
    from daemon.mqtt.outbox.database import OutboxFile

log = logging.getLogger(__name__)

# Acknowledged events are deleted together, this long after the first of them.
_TIDY_SECONDS = 1.0
_RETRY_SECONDS = 30.0
# After this time an event is sent even if the disk has not written it.
_LONGEST_WRITE_SECONDS = 10.0
_LONGEST_EXIT_SECONDS = 5.0
_BOUNDS = OutboxSettings()


class Outbox:
    """Keeps events until they are acknowledged; without a `directory`, in memory only.

    A context manager. All methods may be called from any thread and never wait for the disk: a
    thread of the outbox writes new events, which can be taken once they are written. While the disk
    fails, events are kept in memory only. Raises InputError on entry if another daemon uses the
    directory, or if a newer Timbrel wrote it.

    The will of an open event is the message to send if the process dies before the event ends.
    """

    def __init__(
        self,
        directory: Path | None = None,
        bounds: OutboxSettings = _BOUNDS,
        clock: Callable[[], Moment] = this_moment,
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._changed = threading.Condition()
        self._notify_ready: Callable[[], None] = lambda: None
        self._queue = EventQueue(bounds)
        self._wills: dict[str, Entry] = {}
        self._file: OutboxFile | None = None
        self._has_read_file = False
        self._has_warned = False
        self._has_warned_of_bounds = False
        # Changes that are not in the file yet, and when to write them or to retry the disk:
        self._unwritten: dict[int, Entry] = {}
        self._gone: set[int] = set()
        self._new_wills: dict[str, Entry | None] = {}
        self._due_at = 0.0
        self._closing = False
        self._thread: threading.Thread | None = None
        self.dropped = 0
        """Number of events that were dropped or could not be read."""

    def __enter__(self) -> Self:
        if self._directory is not None:
            try:
                self._open_file(self._directory)
            except OSError as error:
                self._lose_file(error)
            self._thread = threading.Thread(target=self._write, name="outbox", daemon=True)
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

    @property
    def on_disk(self) -> bool:
        """True if the waiting events survive the process."""
        return self._file is not None

    @property
    def waiting(self) -> int:
        """Number of unacknowledged events."""
        return len(self._queue.entries)

    def on_ready(self, call: Callable[[], None]) -> None:
        """Call `call` whenever `take` may return events."""
        self._notify_ready = call

    def put(self, message: Message, event_id: str, will: Message | None = None) -> None:
        """Add the message of an event; the event is open while its last message had a `will`.

        If the process dies, the wills of open events are added at the next start.
        """
        with self._changed:
            now = self._clock()
            entry = Entry(message, now)
            number = self._queue.append(entry)
            if self._file is not None:
                self._unwritten[number] = entry
            self._set_will(event_id, None if will is None else Entry(will, now))
            self._keep_bounds(now)
            self._changed.notify_all()
            ready = self._file is None
        if ready:
            self._notify_ready()

    def renew(self, wills: Mapping[str, Message]) -> None:
        """Replace the wills of open events; those of other events are ignored."""
        with self._changed:
            now = self._clock()
            for event_id in self._wills.keys() & wills.keys():
                self._set_will(event_id, Entry(wills[event_id], now))
            self._changed.notify_all()

    def take(self, most: int) -> list[OutgoingEvent]:
        """Return the oldest events that can be sent and are not in flight, at most `most`."""
        with self._changed:
            now = self._clock()
            self._keep_bounds(now)
            return self._queue.take(most, now, lambda number: self._may_go(number, now))

    def requeue_unacknowledged(self) -> None:
        """Make all events that are in flight available again, because the connection was lost."""
        with self._changed:
            self._queue.requeue_unacknowledged()

    def acknowledge(self, number: int) -> None:
        """Remove an event that the broker accepted."""
        with self._changed:
            if self._queue.accept(number):
                self._forget(number)
            self._changed.notify_all()

    def refuse(self, number: int) -> None:
        """Make an event that the broker refused available again after a pause."""
        with self._changed:
            self._queue.refuse(number, self._clock())

    def discard(self, number: int) -> None:
        """Remove an event that can never be sent, and count it as dropped."""
        with self._changed:
            if self._queue.remove(number):
                self._forget(number)
                self.dropped += 1
            self._changed.notify_all()

    @property
    def pause_seconds(self) -> float:
        """Rest of the pause after a refusal, in seconds; 0 without one."""
        with self._changed:
            return self._queue.pause_seconds(self._clock())

    def wait_empty(self, seconds: float) -> int:
        """Wait up to `seconds` until all events are acknowledged; return the number of the rest."""
        with self._changed:
            self._changed.wait_for(lambda: not self.waiting, seconds)
            return self.waiting

    def _may_go(self, number: int, now: Moment) -> bool:
        entry = self._unwritten.get(number)
        return entry is None or entry.since.age_seconds(now) >= _LONGEST_WRITE_SECONDS

    def _forget(self, number: int) -> None:
        if self._file is not None:
            self._unwritten.pop(number, None)
            if not self._gone:
                self._due_at = time.monotonic() + _TIDY_SECONDS
            # Even an unwritten event, because the other thread may be writing it now.
            self._gone.add(number)

    def _set_will(self, event_id: str, will: Entry | None) -> None:
        if will is not None:
            self._wills[event_id] = will
        elif self._wills.pop(event_id, None) is None:
            return
        if self._file is not None:
            self._new_wills[event_id] = will

    def _keep_bounds(self, now: Moment) -> None:
        dropped = self._queue.drop_excess(now)
        for number in dropped:
            self._forget(number)
        if dropped and not self._has_warned_of_bounds:
            self._has_warned_of_bounds = True
            log.warning(
                "the outbox is full (see outbox in the settings); dropping the oldest events"
            )
        self.dropped += len(dropped)

    def _write(self) -> None:
        """Write changes to the disk until the outbox closes, and once more then (own thread)."""
        closing = False
        while not closing:
            closing = self._wait_until_due()
            try:
                self._write_changes()
            except (OSError, InputError) as error:
                self._lose_file(error)
        if self._file is not None:
            self._file.close()

    def _wait_until_due(self) -> bool:
        """Sleep until there is something to write; return True if the outbox is closing."""
        with self._changed:
            while not self._closing and (pause := self._pause_seconds()) != 0.0:
                self._changed.wait(pause)
            return self._closing

    def _pause_seconds(self) -> float | None:
        if self._file is not None:
            if self._unwritten or self._new_wills:
                return 0.0
            if not self._gone:
                return None
        return max(0.0, self._due_at - time.monotonic())

    def _write_changes(self) -> None:
        if self._file is None:
            if self._directory is not None:
                self._open_file(self._directory)
                self._has_warned = False
                log.info("events are on disk again")
            return
        with self._changed:
            events, gone, wills = self._unwritten.copy(), self._gone.copy(), self._new_wills.copy()
        if not (events or gone or wills):
            return
        self._file.write(events, gone, wills)
        with self._changed:
            for number in events:
                self._unwritten.pop(number, None)
            self._gone -= gone
            for event_id, will in wills.items():
                if self._new_wills[event_id] is will:
                    del self._new_wills[event_id]
        self._notify_ready()

    def _open_file(self, directory: Path) -> None:
        """Open the file, adopt the events of earlier runs, and write all events to it."""
        from daemon.mqtt.outbox.database import OutboxFile

        file = OutboxFile(directory)
        with self._changed:
            if not self._has_read_file:
                self._has_read_file = True
                self.dropped += file.unusable
                self._adopt(file.events, file.wills)
            events, wills = dict(self._queue.entries), dict(self._wills)
            self._file = file
        file.replace(events, wills)
        self._notify_ready()

    def _adopt(self, events: Sequence[Entry], wills: Sequence[Entry]) -> None:
        """Add the events of an earlier process before our own, and its wills after its events."""
        self._queue.prepend([*events, *wills])
        self._keep_bounds(self._clock())
        if events or wills:
            log.info(
                "%d event(s) from earlier runs will be sent; %d of them were interrupted",
                *(len(events) + len(wills), len(wills)),
            )

    def _lose_file(self, error: Exception) -> None:
        """Continue in memory only, and retry the disk later."""
        with self._changed:
            file, self._file = self._file, None
            self._unwritten.clear()
            self._gone.clear()
            self._new_wills.clear()
            self._due_at = time.monotonic() + _RETRY_SECONDS
        if file is not None:
            file.close()
        if not self._has_warned:
            self._has_warned = True
            where = getattr(error, "filename", None) or self._directory
            reason = getattr(error, "strerror", None) or error
            log.warning("%s: %s; events are kept in memory until it is writable", where, reason)
        self._notify_ready()
