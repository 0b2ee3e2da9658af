"""Let a companion hear sound in which a family plays."""

from collections.abc import Iterator

import numpy as np

from daemon.hearing.pipeline import Observation
from daemon.hearing.scorer import Heard, level_dbfs
from daemon.hearing.tracker import Event, EventEnded, EventStarted
from daemon.sound.window import WindowBuffer
from tests.daemon.practice.voices import Samples

SCORES = np.array([0.9], np.float32)


def observations(
    sound: Samples, hop_seconds: float, onset: float, *, starts: float, ends: float = np.inf
) -> Iterator[Observation]:
    """Yield each window of a sound in which a flute plays from `onset` on.

    The event starts with the window that ends at `starts` and ends with that at `ends`, to which
    the sound lasted.
    """
    playing: list[EventStarted] = []
    for window in WindowBuffer(hop_seconds).push(sound):
        at, events = window.ended_at, list[Event]()
        if at >= starts and at - hop_seconds < starts:
            playing = [EventStarted("flute", onset, at, 0.9)]
            events.append(playing[0])
        if at >= ends and playing:
            playing = []
            events.append(EventEnded("flute", onset, at, 0.1, ends, 0.9))
        heard = Heard(at, level_dbfs(window.samples), SCORES)
        yield Observation(window, heard, playing, events)
