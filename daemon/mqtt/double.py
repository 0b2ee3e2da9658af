"""Signs that another box has the same name; no socket here."""

import logging
import time
from collections.abc import Callable, Collection
from typing import Protocol

from daemon.system.repeats import Repeats

log = logging.getLogger(__name__)

# A broker closes a connection for many reasons, but seldom so often within seconds.
_SEVERAL = 3
_PAUSE_SECONDS = 60.0
# A broker may tell of our former connection's end only after it has accepted this one.
_FRESH_SECONDS = 2.0


def advice(box: str) -> str:
    """Return what to do about another box of that name."""
    return f"another Timbrel may have the same name, {box}: give each box a name of its own (name)"


class QuickLosses:
    """Counts connections that the broker ended within seconds, one after the other."""

    def __init__(self, box: str) -> None:
        self._box = box
        self._many = 0

    def lost(self, *, quick: bool, taken_over: bool) -> str:
        """A connection has ended; return advice to put behind the reason, or nothing.

        `taken_over`: the broker says that another client has connected under our client id.
        """
        self._many = self._many + 1 if quick else 0
        return f"; {advice(self._box)}" if taken_over or self._many >= _SEVERAL else ""


class Connection(Protocol):
    """The connection to the broker, as far as it is needed here."""

    @property
    def seconds(self) -> float:
        """How long it has lasted."""

    def say_again(self, seconds: float) -> None:
        """Say everything again after so many seconds."""


class Presence:
    """Has `online`, and all else, said again where another client says `offline` on our `topics`.

    At most once a minute.
    """

    def __init__(
        self,
        box: str,
        topics: Callable[[], Collection[str]],
        connection: Connection,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._box = box
        self._topics = topics
        self._connection = connection
        self._clock = clock
        self._answer_at = clock() - _PAUSE_SECONDS
        self._said = Repeats(log)

    def take(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001
        """What somebody, perhaps we, said on a topic."""
        if topic not in self._topics() or retained or payload != b"offline":
            return
        now = self._clock()
        if self._answer_at <= now:
            self._answer_at = max(now, self._answer_at + _PAUSE_SECONDS)
        self._connection.say_again(self._answer_at - now)
        if self._connection.seconds >= _FRESH_SECONDS:
            self._said.say(
                logging.WARNING,
                f"{topic}: another client said offline; saying online again; {advice(self._box)}",
            )
