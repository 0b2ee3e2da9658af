"""The loop: each window is heard, tracked, and told; the same for microphone, replay and demo."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from daemon import systemd
from daemon.hearing import Heard, Hearing
from daemon.tracker import Event, EventStarted, Tracker
from daemon.window import Window


class Teller(Protocol):
    """Who wants to know what every window brought."""

    def tell(self, heard: Heard, playing: Sequence[EventStarted], events: Sequence[Event]) -> None:
        """One window's results: the `events` it brought, what is `playing` after it."""


def listen(
    windows: Iterable[Window], hearing: Hearing, tracker: Tracker, tellers: Sequence[Teller]
) -> None:
    """Hear all windows, in their order, until they end."""
    for window in windows:
        heard = hearing.hear(window)
        events = tracker.update(heard.ended_at, heard.scores)
        playing = tracker.open_events()
        for teller in tellers:
            teller.tell(heard, playing, events)
        systemd.alive()
