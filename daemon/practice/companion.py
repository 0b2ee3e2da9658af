"""Analyses how the music is played, while a family plays.

At rest nothing is allocated, and the analysers are imported when music begins for the first time.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from daemon.hearing.pipeline import Observation
from daemon.hearing.tracker import EventEnded
from daemon.practice.now import Now
from daemon.practice.switches import Switches
from daemon.practice.tally import Tally, Tallying
from daemon.sound.window import SAMPLE_RATE_HZ, Window

if TYPE_CHECKING:
    from daemon.practice.analysis.note_stream import Sounding
    from daemon.practice.analysis.played_note import PlayedNote
    from daemon.practice.analysis.stretch import Stretch
    from daemon.practice.genre.genre_network import GenreNetwork
    from daemon.practice.notes.note_network import NoteNetwork

READING_SECONDS = 10.0
"""From one reading of the figures to the next."""

# Sound before the onset from which the analysers hear, so that their states have settled.
_WARM_UP_SECONDS = 1.0
# The onset of an event is known to half a second.
_ONSET_SECONDS = 0.5
# As in a recording, frames of notes and pitch begin on multiples of 20 ms, and groups of 16 of them
# on multiples of 320 ms.
_FRAME_SAMPLES, _GRID_SAMPLES = 320, 5_120
# The end of an event is detected up to about this long after it; until then, what sounds may be
# something else.
_SETTLE_SECONDS = 30.0


class Companion:
    """Follows the playing in one place.

    `load_network` returns a note model, `load_genre_network` a genre model, or None if there is
    none; each place needs its own.
    """

    def __init__(
        self,
        load_network: Callable[[], "NoteNetwork | None"],
        switches: Switches = Switches(),  # noqa: B008
        *,
        load_genre_network: "Callable[[], GenreNetwork | None]" = lambda: None,
    ) -> None:
        self._load_network = load_network
        self._switches = switches
        self._load_genre_network = load_genre_network
        self._tallying = Tallying(Tally())
        self._stretch: Stretch | None = None
        self._until = 0  # the sample up to which sound was heard
        self._read_at = 0.0
        self._counted_until = 0.0
        self.now = Now()
        """The newest figures; all None while nobody plays."""

    @property
    def is_active(self) -> bool:
        """True while somebody plays and is listened to."""
        return self._stretch is not None

    @property
    def tally(self) -> Tally:
        """The sums of the session."""
        return self._tallying.tally

    @property
    def sounding(self) -> "Sounding | None":
        """The notes that sound; None while nobody plays."""
        return None if self._stretch is None else self._stretch.sounding

    def begin_session(self, tally: Tally) -> None:
        """Count in another tally from now on."""
        self._tallying = Tallying(tally)

    def use(self, switches: Switches) -> None:
        """Replace the switches; the analysers start anew with the next window."""
        if switches != self._switches:
            self._switches = switches
            self.stop()

    def observe(self, observation: Observation) -> "list[PlayedNote]":
        """Hear the newest samples of a window; return the notes that they complete."""
        if self._stretch is None and not observation.playing:
            return []
        notes = self._follow(observation.window)
        if self._stretch is None and observation.playing:
            self._begin(observation)
        if self._stretch is not None:
            notes += self._push(self._stretch, observation)
        if not observation.playing:
            ends = [e.ended_at for e in observation.events if isinstance(e, EventEnded)]
            notes += self.stop(max(ends, default=None))
        return notes

    def stop(self, ended_at: float | None = None) -> "list[PlayedNote]":
        """End the notes that sound, and rest; return the remaining notes.

        What began after `ended_at`, if given, does not count for the session.
        """
        stretch, self._stretch = self._stretch, None
        self.now = Now()
        if stretch is None:
            return []
        notes = stretch.finish()
        self._counted_until = stretch.until if ended_at is None else ended_at
        stretch.settle(self._tallying, self._counted_until)
        self._tallying.interrupt()
        return notes

    def end_sound(self) -> "list[PlayedNote]":
        """Stop, because the sound ends; times of later sound begin at zero again."""
        notes = self.stop()
        self._counted_until = 0.0
        return notes

    def _follow(self, window: Window) -> "list[PlayedNote]":
        """End the stretch if the window does not continue it; return its remaining notes."""
        end = window.start_sample + len(window.samples)
        is_next = window.start_sample <= self._until < end
        if self._stretch is None or (is_next and _is_sound(window, self._until)):
            return []
        return self.stop() if end > self._until else self.end_sound()

    def _begin(self, observation: Observation) -> None:
        """Begin a stretch at the onset, or with the window if that is later."""
        window = observation.window
        if not self._switches.needs_anything or not _is_sound(window, window.start_sample):
            return
        from daemon.practice.analysis.stretch import Stretch

        onset = min(event.onset for event in observation.playing) - _ONSET_SECONDS
        onset = max(onset, self._counted_until)
        wanted = round((onset - _WARM_UP_SECONDS) * SAMPLE_RATE_HZ) // _GRID_SAMPLES
        possible = -(-window.start_sample // _FRAME_SAMPLES)
        self._until = max(_GRID_SAMPLES * wanted, _FRAME_SAMPLES * possible)
        network = self._load_network() if self._switches.needs_notes else None
        genre_network = self._load_genre_network() if self._switches.needs_genre else None
        self._stretch = Stretch(
            self._switches,
            network,
            genre_network,
            start_sample=self._until,
            onset_seconds=onset,
        )
        self._read_at = self._until / SAMPLE_RATE_HZ

    def _push(self, stretch: "Stretch", observation: Observation) -> "list[PlayedNote]":
        window = observation.window
        samples = window.samples[self._until - window.start_sample :]
        self._until += len(samples)
        self.tally.seconds += len(samples) / SAMPLE_RATE_HZ
        notes = stretch.push(samples)
        elapsed = stretch.until - self._read_at
        if elapsed >= READING_SECONDS:
            self._read_at = stretch.until
            self.now = stretch.now(self.tally)
            stretch.read(self._tallying, self.now, elapsed)
            stretch.settle(self._tallying, stretch.until - _SETTLE_SECONDS)
        return notes


def _is_sound(window: Window, from_sample: int) -> bool:
    """Return whether the samples of the window from a sample on are numbers."""
    return bool(np.isfinite(window.samples[max(0, from_sample - window.start_sample) :]).all())
