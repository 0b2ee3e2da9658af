"""Detect another box with the same name; opens no socket."""

import logging
import time
from collections.abc import Callable, Collection
from typing import Protocol

from daemon.system.limited_log import LimitedLog

log = logging.getLogger(__name__)

# A broker may close a connection for many reasons, but seldom this often within seconds.
_SEVERAL = 3
_PAUSE_SECONDS = 60.0
# A broker may publish the will of our previous connection after it has accepted this one.
_FRESH_SECONDS = 2.0


def advice(box: str) -> str:
    """Return the advice to log when another box may also be named `box`."""
    return f"another Timbrel may have the same name, {box}: give each box a unique name"


class ShortConnections:
    """Counts consecutive connections that the broker ended within seconds."""

    def __init__(self, box: str) -> None:
        self._box = box
        self._count = 0

    def ended(self, *, quick: bool, taken_over: bool) -> str:
        """Count a connection that has ended; return advice to append to the reason, or "".

        `quick`: the broker ended it within seconds. `taken_over`: another client connected with
        our client id.
        """
        self._count = self._count + 1 if quick else 0
        return f"; {advice(self._box)}" if taken_over or self._count >= _SEVERAL else ""


class Republisher(Protocol):
    """The part of the connection to the broker that `AvailabilityGuard` uses."""

    @property
    def seconds(self) -> float:
        """Duration of the connection, in seconds."""

    def republish_after(self, seconds: float) -> None:
        """Publish everything again after this many seconds."""


class AvailabilityGuard:
    """Republishes everything when another client publishes `offline` on one of our `topics`.

    It does so at most once a minute.
    """

    def __init__(
        self,
        box: str,
        topics: Callable[[], Collection[str]],
        connection: Republisher,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._box = box
        self._topics = topics
        self._connection = connection
        self._clock = clock
        self._republish_at = clock() - _PAUSE_SECONDS
        self._limited_log = LimitedLog(log)

    def receive(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001
        """Take a message that some client, perhaps this one, published on a topic."""
        if topic not in self._topics() or retained or payload != b"offline":
            return
        now = self._clock()
        if self._republish_at <= now:
            self._republish_at = max(now, self._republish_at + _PAUSE_SECONDS)
        self._connection.republish_after(self._republish_at - now)
        if self._connection.seconds >= _FRESH_SECONDS:
            self._limited_log.log(
                logging.WARNING,
                f"{topic}: another client published offline; publishing online again; "
                f"{advice(self._box)}",
            )
