"""Commands from the hub or the page: queued on their threads, carried out by the loop."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from daemon.hub.controls import Chosen, Configured, Controls
from daemon.hub.messages import Message
from daemon.hub.token_bucket import TokenBucket
from daemon.system.files.json_store import JsonStore
from daemon.system.limited_log import LimitedLog

log = logging.getLogger(__name__)

# Enough for a scene that restores every setting at once; limits a flood.
_BURST = 30
_PER_SECOND = 10.0
# Limits the queue if the loop hangs.
_MOST_WAITING = 100
# The least time between two writes to disk, and before values are published again after commands
# were dropped.
_PAUSE_SECONDS = 1.0


class _Command(NamedTuple):
    topic: str
    payload: bytes
    where: str


class _Change(NamedTuple):
    echo: Message
    where: str


class Inbox:
    """Carries out the commands of one node and saves the chosen values in the `store`.

    `apply` gets the controls after every change. `publish` gets the current values. `wake` makes
    the loop call `carry_out` soon; it may be called from any thread.
    """

    def __init__(
        self,
        controls: Controls,
        store: JsonStore[Chosen],
        publish: Callable[[Message], None],
        *,
        apply: Callable[[Controls], None],
        wake: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.controls = controls
        """The settings and their current values."""
        self._topics = frozenset(controls.topics)
        self._store = store
        self._publish = publish
        self._apply = apply
        self._wake = wake
        self._clock = clock
        self._waiting = queue.SimpleQueue[_Command]()
        self._bucket = TokenBucket(_BURST, _PER_SECOND)
        self._lock = threading.Lock()
        self._dropped: set[str] = set()
        self._timer: threading.Timer | None = None
        self._is_unsaved = False
        self._saved_at = clock() - _PAUSE_SECONDS
        self._limited_log = LimitedLog(log)

    def begin(self) -> None:
        """Apply and publish the current values, including those saved earlier."""
        self._apply(self.controls)
        for echo in self.controls.echoes():
            self._publish(echo)

    def reload(self, configured: Configured) -> None:
        """Apply changed values of the configuration where the hub has set none. Loop only."""
        self.controls.configured = configured
        self.begin()

    def take(
        self,
        topic: str,
        payload: bytes,
        retained: bool,  # noqa: FBT001
        where: str = "by the hub",
    ) -> bool:
        """Queue a command; return True if `carry_out` should be called. May run on any thread.

        The log names `where` the value was changed, such as "on the page".

        Returns False for other nodes' topics, retained messages, and commands that come too fast.
        """
        if topic not in self._topics or retained:
            return False
        if self._waiting.qsize() < _MOST_WAITING and self._bucket.take(self._clock()):
            self._waiting.put(_Command(topic, payload, where))
            return True
        self._limited_log.log(
            logging.WARNING,
            f"{topic}: ignoring commands beyond {_BURST} at once and {_PER_SECOND:.0f} a second",
        )
        with self._lock:
            self._dropped.add(topic)
        self._wake_later()
        return False

    def carry_out(self) -> bool:
        """Carry out queued commands; return True if listening is to be restarted. Loop only.

        Publishes the current value again if commands were dropped, since the hub may show theirs.
        """
        restart = False
        changes = dict[str, _Change]()
        while not self._waiting.empty():
            topic, payload, where = self._waiting.get()
            reply = self.controls.receive(topic, payload, retained=False)
            if reply.refusal is not None:
                self._limited_log.log(logging.WARNING, f"refused: {reply.refusal}")
            for echo in reply.echo:
                self._publish(echo)
            if reply.changed:
                changes[topic] = _Change(reply.echo[0], where)
            restart |= reply.restart
        for echo, where in changes.values():
            log.info("set %s: %s", where, _words(echo))
        if changes:
            self._is_unsaved = True
            self._apply(self.controls)
        if self._timer is None:
            self._echo_dropped()
            self._save()
        return restart

    def close(self) -> None:
        """Save the last changes."""
        if self._is_unsaved:
            self._store.write(self.controls.chosen)

    def _save(self) -> None:
        if not self._is_unsaved:
            return
        now = self._clock()
        if now - self._saved_at < _PAUSE_SECONDS:
            self._wake_later()
            return
        self._is_unsaved, self._saved_at = False, now
        self._store.write(self.controls.chosen)

    def _echo_dropped(self) -> None:
        with self._lock:
            dropped, self._dropped = self._dropped, set()
        for topic in dropped:
            for echo in self.controls.echo(topic):
                self._publish(echo)

    def _wake_later(self) -> None:
        with self._lock:
            if self._timer is None:
                timer = threading.Timer(_PAUSE_SECONDS, self._wake_now)
                timer.daemon = True
                # If the system cannot start a thread, the loop's next turn does the work.
                with suppress(RuntimeError):
                    timer.start()
                    self._timer = timer

    def _wake_now(self) -> None:
        with self._lock:
            self._timer = None
        self._wake()


def _words(echo: Message) -> str:
    return f"{echo.topic.rpartition('/')[2]} {echo.payload.decode()}"
