"""Score and track every window, and pass the result to observers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from daemon.hearing.scorer import Heard, Scorer
from daemon.hearing.tracker import Event, EventStarted, Tracker
from daemon.sound.window import Window


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything known about one window."""

    window: Window
    """The samples of the window. They are overwritten later, so keep only a copy."""
    heard: Heard
    """The level and the scores of the window."""
    playing: Sequence[EventStarted]
    """The events that are open after the window."""
    events: Sequence[Event]
    """The events that started or ended with the window."""


class Observer(Protocol):
    """Receives the observation of every window."""

    def observe(self, observation: Observation) -> None:
        """Process the observation of the next window; windows come in order."""


def listen(
    windows: Iterable[Window], scorer: Scorer, tracker: Tracker, observers: Sequence[Observer]
) -> None:
    """Score and track all windows in order, and pass each result to all observers."""
    for window in windows:
        heard = scorer.hear(window)
        events = tracker.update(heard.ended_at, heard.scores, heard.patches)
        observation = Observation(window, heard, tracker.open_events(), events)
        for observer in observers:
            observer.observe(observation)
