"""The events that a soak must give, from the scorer and the tracker alone."""

from collections import Counter
from typing import Any

import numpy as np

from benchmarks.soak.stretches import Stretch, sound, stretches
from daemon.configuration.settings import Settings
from daemon.hearing.pipeline import Observation, listen
from daemon.hearing.scorer import Scorer
from daemon.hearing.tracker import Event, EventEnded
from daemon.runtime.wiring import Recognizer
from daemon.sound.window import SAMPLE_RATE_HZ, WindowBuffer

STALL_SECONDS = 2
EventCounts = Counter[tuple[Any, ...]]


class Reference:
    """Computes the expected events of stretches, without the daemon's loop and devices."""

    def __init__(self, settings: Settings) -> None:
        self._recognizer = Recognizer(settings)
        self._settings = settings

    def events(self, hours: float) -> EventCounts:
        """Count the expected events by kind, family, duration and reason."""
        found: EventCounts = Counter()
        known: dict[Stretch, list[tuple[Any, ...]]] = {}
        for stretch in stretches(hours):
            if stretch not in known:
                known[stretch] = [_key(event) for event in self._events_of(stretch)]
            found.update(known[stretch])
        return found

    def _events_of(self, stretch: Stretch) -> list[Event]:
        scorer = Scorer(self._recognizer.classifier, self._settings.audio.gate_dbfs)
        tracker = self._recognizer.tracker()
        collector = EventCollector()
        # The first seconds of zeros are processed like other sound, until they count as a loss.
        zeros = (STALL_SECONDS - 1) * (stretch.fault == "zeros")
        buffer = WindowBuffer(self._recognizer.hop_seconds)
        for second in range(stretch.seconds + zeros):
            some = sound(second, 1) if second < stretch.seconds else np.zeros(SAMPLE_RATE_HZ)
            listen(buffer.push(some.astype(np.float32)), scorer, tracker, [collector])
        reason = "stopped" if stretch.fault == "end" else "deaf"
        return [*collector.events, *tracker.close(stretch.seconds, reason)]


class EventCollector:
    """An observer that collects events."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def observe(self, observation: Observation) -> None:
        """Add the events of a window."""
        self.events += observation.events


def _key(event: Event) -> tuple[Any, ...]:
    """Return the parts of an event that must be equal at the hub: all but its times."""
    if isinstance(event, EventEnded):
        return "ended", event.family, round(event.duration_seconds, 3), event.reason
    return ("started", event.family)
