"""Events that nobody has acknowledged yet, on disk before they are handed out.

Memory holds them all and the disk the same, so that a disk that fails takes no event with it.
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
from daemon.mqtt.outbox.event_queue import Entry, EventQueue, Taken
from daemon.mqtt.outbox.moment import Moment, this_moment

if TYPE_CHECKING:
    from daemon.mqtt.outbox.database import OutboxFile

log = logging.getLogger(__name__)

# Acknowledged events are forgotten together, so long after the first of them.
_TIDY_SECONDS = 1.0
_RETRY_SECONDS = 30.0
# A disk that takes longer than this to write an event no longer keeps it from being sent.
_PATIENCE_SECONDS = 10.0
_LONGEST_GOODBYE_SECONDS = 5.0
_BOUNDS = OutboxSettings()


class Outbox:
    """Keeps events until they are acknowledged; without a directory, in memory only.

    A context manager. All methods may be called from any thread and never wait for the disk: what
    is put is written by a thread of the outbox's own, and can be taken once it is written. While
    the disk fails memory alone keeps the events. Raises InputError on entry when the directory
    belongs to another daemon or to a newer Timbrel.
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
        self._tell_ready: Callable[[], None] = lambda: None
        self._queue = EventQueue(bounds)
        self._wills: dict[str, Entry] = {}
        self._file: OutboxFile | None = None
        self._has_read_file = False
        self._has_warned = False
        self._has_warned_of_bounds = False
        # What the file does not know yet, and when to write or to try the disk again:
        self._unwritten: dict[int, Entry] = {}
        self._gone: set[int] = set()
        self._new_wills: dict[str, Entry | None] = {}
        self._due_at = 0.0
        self._closing = False
        self._thread: threading.Thread | None = None
        self.dropped = 0

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
            self._thread.join(_LONGEST_GOODBYE_SECONDS)

    @property
    def on_disk(self) -> bool:
        """Whether what waits outlives the process."""
        return self._file is not None

    @property
    def waiting(self) -> int:
        """How many events are not acknowledged."""
        return len(self._queue.entries)

    def when_ready(self, call: Callable[[], None]) -> None:
        """Have this called whenever there may be something to take."""
        self._tell_ready = call

    def put(self, message: Message, event_id: str, will: Message | None = None) -> None:
        """Keep a message of an event; with a `will` the event is open from now on, else closed.

        When the process dies, the wills of events that were open are put at the next start.
        """
        with self._changed:
            now = self._clock()
            entry = Entry(message, now)
            number = self._queue.append(entry)
            if self._file is not None:
                self._unwritten[number] = entry
            self._set_will(event_id, None if will is None else Entry(will, now))
            self._hold_bounds(now)
            self._changed.notify_all()
            ready = self._file is None
        if ready:
            self._tell_ready()

    def renew(self, wills: Mapping[str, Message]) -> None:
        """Replace the wills of open events by newer ones."""
        with self._changed:
            now = self._clock()
            for event_id in self._wills.keys() & wills.keys():
                self._set_will(event_id, Entry(wills[event_id], now))
            self._changed.notify_all()

    def take(self, most: int) -> list[Taken]:
        """The oldest events that may be sent and are not handed out already."""
        with self._changed:
            now = self._clock()
            self._hold_bounds(now)
            return self._queue.take(most, now, lambda number: self._may_go(number, now))

    def take_back(self) -> None:
        """What is handed out and not acknowledged did not arrive: it can be taken again."""
        with self._changed:
            self._queue.take_back()

    def acknowledge(self, number: int) -> None:
        """An event that was taken has arrived."""
        with self._changed:
            if self._queue.accept(number):
                self._forget(number)
            self._changed.notify_all()

    def refuse(self, number: int) -> None:
        """The broker refused an event that was taken; it can be taken again after a pause."""
        with self._changed:
            self._queue.refuse(number, self._clock())

    def discard(self, number: int) -> None:
        """Give up an event that can never be sent; it counts as dropped."""
        with self._changed:
            if self._queue.remove(number):
                self._forget(number)
                self.dropped += 1
            self._changed.notify_all()

    @property
    def pause_seconds(self) -> float:
        """For how long a refusal keeps events from being taken; 0 without one."""
        with self._changed:
            return self._queue.pause_seconds(self._clock())

    def wait_empty(self, seconds: float) -> int:
        """Wait until all events are acknowledged, at most so long; count those that are not."""
        with self._changed:
            self._changed.wait_for(lambda: not self.waiting, seconds)
            return self.waiting

    def _may_go(self, number: int, now: Moment) -> bool:
        entry = self._unwritten.get(number)
        return entry is None or entry.since.age_seconds(now) >= _PATIENCE_SECONDS

    def _forget(self, number: int) -> None:
        if self._file is not None:
            self._unwritten.pop(number, None)
            if not self._gone:
                self._due_at = time.monotonic() + _TIDY_SECONDS
            # Even what was unwritten: it may be on its way to the disk at this moment.
            self._gone.add(number)

    def _set_will(self, event_id: str, will: Entry | None) -> None:
        if will is not None:
            self._wills[event_id] = will
        elif self._wills.pop(event_id, None) is None:
            return
        if self._file is not None:
            self._new_wills[event_id] = will

    def _hold_bounds(self, now: Moment) -> None:
        dropped = self._queue.drop(now)
        for number in dropped:
            self._forget(number)
        if dropped and not self._has_warned_of_bounds:
            self._has_warned_of_bounds = True
            log.warning(
                "the outbox is full (see outbox in the settings); dropping the oldest events"
            )
        self.dropped += len(dropped)

    def _write(self) -> None:
        """The writer's thread: bring the disk up to date until the end, and once more then."""
        closing = False
        while not closing:
            closing = self._wait_until_due()
            try:
                self._write_news()
            except (OSError, InputError) as error:
                self._lose_file(error)
        if self._file is not None:
            self._file.close()

    def _wait_until_due(self) -> bool:
        """Sleep until there is something to write; whether it is the last time."""
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

    def _write_news(self) -> None:
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
        self._tell_ready()

    def _open_file(self, directory: Path) -> None:
        """Open the file and let it hold what memory holds, after what it held before us."""
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
        self._tell_ready()

    def _adopt(self, events: Sequence[Entry], wills: Sequence[Entry]) -> None:
        """Put what an earlier process left before all that is ours."""
        self._queue.put_first([*events, *wills])
        self._hold_bounds(self._clock())
        if events or wills:
            log.info(
                "%d event(s) from earlier runs will be sent; %d of them were interrupted",
                *(len(events) + len(wills), len(wills)),
            )

    def _lose_file(self, error: Exception) -> None:
        """Go on in memory; the disk is tried again from time to time."""
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
            log.warning("%s: %s; until it can be written, memory keeps the events", where, reason)
        self._tell_ready()
