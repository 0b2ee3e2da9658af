"""The main loop, which takes the turns of all places."""

import time
from collections.abc import Callable, Sequence

from daemon.errors import FailedError
from daemon.runtime.place import Place
from daemon.runtime.wakeup import Wakeup
from daemon.system import systemd
from daemon.system.stop import Stop

# Health reports a loop without a turn for 30 s.
_LONGEST_WAIT_SECONDS = 20.0
# The process exits if a sound system does not answer for this long, since only a restart helps.
# While another place has sound, that is worth a longer wait.
_PATIENCE_SECONDS = 30.0
_LONG_PATIENCE_SECONDS = 600.0


class Listener:
    """Listens at all places on one thread, which waits for `wakeup` between turns.

    After every turn of the places it calls the `chores` and feeds the service manager's watchdog.
    """

    def __init__(
        self,
        places: Sequence[Place],
        wakeup: Wakeup,
        chores: Sequence[Callable[[], None]] = (),
    ) -> None:
        self._places = places
        self._wakeup = wakeup
        self._chores = chores
        watchdog_seconds = systemd.watchdog_seconds() or _LONGEST_WAIT_SECONDS
        self._longest_wait_seconds = min(_LONGEST_WAIT_SECONDS, watchdog_seconds / 2)

    def listen_until(self, stop: Stop) -> None:
        """Listen until `stop` is set, then end every open event.

        Raises FailedError if a sound system hangs, since only a new process helps then.
        """
        try:
            with stop.callback(self._wakeup.wake):
                while not stop.is_set():
                    self._turn()
        finally:
            for place in self._places:
                place.end()

    def _turn(self) -> None:
        self._wakeup.begin_turn()
        for place in self._places:
            place.turn()
        for chore in self._chores:
            chore()
        systemd.feed_watchdog()
        self._check_unanswered()
        self._wait()

    def _wait(self) -> None:
        due_seconds = min(place.due for place in self._places) - time.monotonic()
        if unanswered_seconds := self._unanswered_seconds():
            due_seconds = min(due_seconds, max(1.0, self._patience_seconds() - unanswered_seconds))
        self._wakeup.wait(
            lambda: any(place.has_news for place in self._places),
            min(due_seconds, self._longest_wait_seconds),
        )

    def _check_unanswered(self) -> None:
        unanswered_seconds = self._unanswered_seconds()
        if unanswered_seconds >= self._patience_seconds():
            raise FailedError(
                f"the sound system has not answered for {unanswered_seconds:.0f} s; "
                "exiting; restart Timbrel (the service manager does so by itself)"
            )

    def _unanswered_seconds(self) -> float:
        return max(place.unanswered_seconds for place in self._places)

    def _patience_seconds(self) -> float:
        has_sound = any(place.has_sound for place in self._places)
        return _LONG_PATIENCE_SECONDS if has_sound else _PATIENCE_SECONDS
