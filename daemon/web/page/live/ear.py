"""Takes the observations of one place on the loop's thread, as cheaply as possible."""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.pipeline import Observation
from daemon.hearing.tracker import Event, EventStarted


class Moment(NamedTuple):
    """What the page needs of one observation."""

    place: str
    """The name of the place."""
    wall: float
    """The wall time of the end of the window, in seconds."""
    ended_at: float
    """Seconds of sound until the end of the window."""
    level_dbfs: float
    """The level of the window."""
    scores: NDArray[np.float32]
    """The model's scores (families,)."""
    playing: tuple[str, ...]
    """The families that play."""
    events: tuple[Event, ...]
    """The events that started or ended."""
    newest: NDArray[np.float32] | None
    """The newest sound, for the scrolling picture; None if nobody watches."""
    window: NDArray[np.float32] | None
    """The sound of the window; None unless an event started."""


class Ear:
    """An observer that copies what the page needs and passes it on.

    `is_watched` tells whether the scrolling picture is needed; its columns need `margin_samples`
    of sound before them. `put` must not block.
    """

    def __init__(
        self,
        place: str,
        put: Callable[[Moment], None],
        is_watched: Callable[[], bool],
        margin_samples: int,
    ) -> None:
        self._place = place
        self._put = put
        self._is_watched = is_watched
        self._margin_samples = margin_samples
        self._drawn_to = 0

    def observe(self, observation: Observation) -> None:
        """Pass one observation on."""
        heard, window = observation.heard, observation.window
        starts = any(isinstance(event, EventStarted) for event in observation.events)
        moment = Moment(
            self._place,
            time.time(),
            heard.ended_at,
            heard.level_dbfs,
            heard.scores.copy(),
            tuple(event.family for event in observation.playing),
            tuple(observation.events),
            self._newest(window.samples, window.start_sample) if self._is_watched() else None,
            window.samples.copy() if starts else None,
        )
        self._put(moment)

    def _newest(self, samples: NDArray[np.float32], start_sample: int) -> NDArray[np.float32]:
        """Return a copy of the sound since the last call, with the margin before it."""
        end = start_sample + len(samples)
        # A source that starts again counts from zero.
        since = self._drawn_to if start_sample <= self._drawn_to < end else start_sample
        self._drawn_to = end
        first = max(0, since - start_sample - self._margin_samples)
        return samples[first:].copy()
