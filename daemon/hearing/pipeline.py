"""Score and track every window, and pass the result to observers."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from daemon.hearing.classifier import Classifier
from daemon.hearing.replay import Replay
from daemon.hearing.scorer import Heard, Scorer
from daemon.hearing.tracker import Event, EventStarted, Tracker
from daemon.sound.window import Window


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything known about one window."""

    window: Window
    """Its samples; they are overwritten later: copy what you keep."""
    heard: Heard
    """Its level and its scores."""
    playing: Sequence[EventStarted]
    """The events that are open after it."""
    events: Sequence[Event]
    """The events that started or ended with it."""


class Observer(Protocol):
    """Takes an observation of every window."""

    def observe(self, observation: Observation) -> None:
        """Take the next one; windows come in order."""


def listen(
    windows: Iterable[Window], scorer: Scorer, tracker: Tracker, observers: Sequence[Observer]
) -> None:
    """Score and track all windows, in order."""
    for window in windows:
        heard = scorer.hear(window)
        events = tracker.update(heard.ended_at, heard.scores)
        observation = Observation(window, heard, tracker.open_events(), events)
        for observer in observers:
            observer.observe(observation)


def heard_in(path: str, classifier: Classifier, hop_seconds: float) -> Iterator[Heard]:
    """Level and scores of each window of a file, the gate off; raises as `Replay.windows` does."""
    scorer = Scorer(classifier, gate_dbfs=None)
    for window in Replay(path, hop_seconds).windows():
        yield scorer.hear(window)
