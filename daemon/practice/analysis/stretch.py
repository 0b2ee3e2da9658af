"""One uninterrupted stretch of live playing, and the figures of its last 30 s."""

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.analysis.likely_chord import likely_chord
from daemon.practice.analysis.note_stream import Sounding
from daemon.practice.analysis.played_note import PlayedNote
from daemon.practice.analysis.reference import referred
from daemon.practice.analysis.sound_analysis import SPAN_SECONDS, SoundAnalysis
from daemon.practice.dynamics import LevelCounts, Mark, smoothed
from daemon.practice.genre.genre_network import GenreNetwork
from daemon.practice.notes.note_network import NoteNetwork
from daemon.practice.now import Now
from daemon.practice.pitch.curve import PitchCurve
from daemon.practice.switches import Switches
from daemon.practice.tally import Reading, Tally, Tallying
from daemon.practice.tempo import Rhythm, tempo_drift
from daemon.practice.tuning import in_tune_share, median_cents
from daemon.practice.vibrato import Vibrato, vibrato
from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SECONDS

if TYPE_CHECKING:
    from daemon.practice.harmony.harmony import Harmony

_SILENT_DB = -65.0
# Beats and key are found at every third reading; at every one they take a third of all time.
_READINGS_PER_SEARCH = 3
# A drift needs two spans that do not overlap.
_LEAST_DRIFT_SECONDS = 2.0 * SPAN_SECONDS


class _Levels(NamedTuple):
    until: float
    levels_db: NDArray[np.float64]


class Stretch:
    """Analyses sound from `start_sample` on, and adds what it finds to a tally.

    Notes that begin before `onset_seconds` are left out. What is found is added to the tally by
    `settle`, once it is certain that it belongs to the playing. All times are seconds of sound.
    """

    def __init__(
        self,
        switches: Switches,
        network: NoteNetwork | None,
        genre_network: GenreNetwork | None = None,
        *,
        start_sample: int,
        onset_seconds: float,
    ) -> None:
        self._switches = switches
        self._origin = start_sample / SAMPLE_RATE_HZ
        self._onset = onset_seconds
        self._samples = 0
        self._analysis = SoundAnalysis(switches, network, self._origin, genre_network)
        self._recent = deque[PlayedNote]()
        self._unsettled: list[PlayedNote] = []
        self._levels: list[_Levels] = []
        self._readings = 0
        self._rhythm: Rhythm | None = None
        self._harmony: Harmony | None = None

    @property
    def until(self) -> float:
        """The end of the sound that was heard."""
        return self._origin + self._samples / SAMPLE_RATE_HZ

    @property
    def sounding(self) -> Sounding:
        """The notes that sound."""
        notes = self._analysis.notes
        return Sounding((), None, None) if notes is None else notes.sounding

    def push(self, samples: NDArray[np.float32]) -> list[PlayedNote]:
        """Hear (n,) further samples; return the notes that they complete."""
        self._samples += len(samples)
        return self._take(self._analysis.push(samples))

    def finish(self) -> list[PlayedNote]:
        """End the sound and with it the notes that sound; return the remaining notes."""
        return self._take(self._analysis.finish())

    def now(self, tally: Tally) -> Now:
        """Return the figures of the last 30 s; `tally` is that of the session."""
        self._search()
        harmony, rhythm = self._harmony, self._rhythm
        # Machines can have steady partials and a chroma, too.
        has_notes = self._analysis.notes is None or bool(self._recent) or bool(self.sounding.notes)
        a4_hz = self._analysis.a4_hz() if has_notes else None
        key = harmony if self._switches.key and has_notes else None
        swing = self._vibrato()
        tuned = list(self._recent) if self._switches.tuning else []
        return Now(
            a4_hz=a4_hz,
            in_tune=in_tune_share(tuned, a4_hz, reference_hz=self._switches.reference_hz),
            median_cents=median_cents(tuned),
            tempo_bpm=None if rhythm is None else rhythm.tempo_bpm,
            tempo_stability=None if rhythm is None else rhythm.tempo_stability,
            tempo_drift=_drift(rhythm, tally),
            key=None if key is None else key.key,
            key_confidence=None if key is None or key.key is None else key.key_confidence,
            chord=harmony.chords[-1].label if harmony and self._switches.chords else None,
            next_chord=likely_chord(harmony) if harmony and self._switches.chords else None,
            dynamic=self._dynamic(tally),
            vibrato_hz=None if swing is None else swing.hz,
            vibrato_cents=None if swing is None else swing.cents,
            genre=None if self._analysis.genre is None else self._analysis.genre.shares(),
        )

    def _search(self) -> None:
        """Find the beats and the key anew, at every third call; chords at every call."""
        is_due = self._readings % _READINGS_PER_SEARCH == 0
        self._readings += 1
        rhythm, harmony = self._analysis.rhythm, self._analysis.harmony
        if rhythm is not None and is_due:
            self._rhythm = rhythm.rhythm()
        if harmony is not None and (is_due or self._switches.chords):
            self._harmony = referred(harmony.harmony(), self._switches.reference_hz)

    def read(self, tallying: Tallying, now: Now, seconds: float) -> None:
        """Add figures to the tally, after `seconds` of further playing."""
        tally = tallying.tally
        tempo = now.tempo_bpm
        if tally.first_bpm is None and tally.seconds >= SPAN_SECONDS:
            tally.first_bpm = tempo
        tallying.add_reading(Reading(seconds, now.a4_hz, tempo, now.tempo_stability, now.key))
        if self._analysis.levels is not None:
            levels = self._analysis.levels.levels_db(seconds)
            self._levels.append(_Levels(self.until, levels))

    def settle(self, tallying: Tallying, until: float) -> None:
        """Add the notes that began and the levels that were measured up to `until` to the tally."""
        is_wanted = self._switches.notes or self._switches.tuning
        if self._analysis.notes is not None and is_wanted:
            settled = [note for note in self._unsettled if note.onset <= until]
            settled.sort(key=lambda note: note.onset)
            tallying.add_notes(settled, self._switches.reference_hz)
        self._unsettled = [note for note in self._unsettled if note.onset > until]
        for levels in self._levels:
            if levels.until <= until:
                _count(tallying.tally.levels, levels.levels_db)
        self._levels = [levels for levels in self._levels if levels.until > until]

    def _take(self, notes: Sequence[PlayedNote]) -> list[PlayedNote]:
        kept = [note for note in notes if note.onset >= self._onset]
        self._recent.extend(kept)
        while self._recent and self._recent[0].offset < self.until - SPAN_SECONDS:
            self._recent.popleft()
        self._unsettled += kept
        return kept

    def _dynamic(self, tally: Tally) -> Mark | None:
        """Return the mark of the last window, relative to all that was heard in the session."""
        if self._analysis.levels is None:
            return None
        counts = LevelCounts(list(tally.levels.counts))
        for levels in self._levels:
            _count(counts, levels.levels_db)
        if not any(counts.counts):
            _count(counts, self._analysis.levels.levels_db())
        newest = self._analysis.levels.levels_db(WINDOW_SECONDS)
        heard = newest[newest >= _SILENT_DB]
        return counts.mark(float(heard.mean())) if len(heard) else None

    def _vibrato(self) -> Vibrato | None:
        """Return the vibrato of the last note in the last window; None if there is none."""
        if self._analysis.notes is None or not self._switches.notes:
            return None
        curve = self._analysis.notes.newest_pitch(WINDOW_SECONDS)
        return vibrato(*_last_note(curve).every_10_ms())


def _drift(rhythm: Rhythm | None, tally: Tally) -> float | None:
    if rhythm is None or rhythm.tempo_bpm is None or tally.first_bpm is None:
        return None
    if tally.seconds < _LEAST_DRIFT_SECONDS:
        return None
    return tempo_drift(tally.first_bpm, rhythm.tempo_bpm)


def _count(counts: LevelCounts, levels_db: NDArray[np.float64]) -> None:
    if len(levels_db):
        counts.add(smoothed(levels_db, levels_db >= _SILENT_DB))


def _last_note(curve: PitchCurve) -> PitchCurve:
    """Return the end of the curve from the last silence or leap of a semitone on."""
    voiced = np.flatnonzero(curve.is_voiced)
    if not len(voiced):
        return PitchCurve(curve.hz[:0], curve.is_voiced[:0])
    last = int(voiced[-1]) + 1
    leaps = np.abs(12.0 * np.diff(np.log2(curve.hz[:last]))) >= 1.0
    broken = np.flatnonzero(leaps | ~curve.is_voiced[: last - 1])
    first = int(broken[-1]) + 1 if len(broken) else 0
    return PitchCurve(curve.hz[first:last], curve.is_voiced[first:last])
