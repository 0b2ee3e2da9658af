"""Everything that the analysers find in a whole recording."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.analysis.dc_filter import DcFilter
from daemon.practice.analysis.level_trace import LevelTrace
from daemon.practice.analysis.note_stream import NoteStream
from daemon.practice.analysis.peak_trace import PeakTrace
from daemon.practice.analysis.pitch_trace import PitchTrace
from daemon.practice.analysis.played_note import PlayedNote
from daemon.practice.analysis.reference import referred
from daemon.practice.analysis.rhythm_trace import RhythmTrace
from daemon.practice.articulation import articulation
from daemon.practice.dynamics import Swell, level_counts, swells
from daemon.practice.genre.genre_network import GenreNetwork
from daemon.practice.genre.genre_trace import GenreTrace
from daemon.practice.harmony.harmony import Harmony, harmony_of
from daemon.practice.notes.note_network import NoteNetwork
from daemon.practice.notes.transcriber import Transcriber
from daemon.practice.pitch.curve import PitchCurve
from daemon.practice.tempo import Rhythm
from daemon.practice.tuning import in_tune_share, median_cents, tuning_drift_cents
from daemon.sound.window import SAMPLE_RATE_HZ


class Recording(NamedTuple):
    """The analysis of a recording; None is unknown."""

    seconds: float
    """Its length."""
    reference_hz: float
    """The A4 to which notes and cents refer."""
    notes: list[PlayedNote] | None
    """Its notes, by their onset; None without a note model."""
    pitch: PitchCurve
    """The pitch curve of one voice."""
    a4_hz: float | None
    """The A4 that the playing amounts to; None if no note was recognized."""
    rhythm: Rhythm | None
    """The best guess of the beats; None without onsets."""
    swells: list[Swell]
    """Crescendos and decrescendos."""
    dynamic_range_db: float | None
    """From the softest to the loudest playing."""
    harmony: Harmony | None
    """Key and chords; None for silence. The key is None if no note was recognized."""
    genre: dict[str, float] | None
    """The share of each genre; None also without a genre model."""

    @property
    def in_tune(self) -> float | None:
        """Share of the time of sustained notes that is in tune with `a4_hz`."""
        return in_tune_share(self.notes or [], self.a4_hz, reference_hz=self.reference_hz)

    @property
    def median_cents(self) -> float | None:
        """Median deviation of the sustained notes from the reference."""
        return median_cents(self.notes or [])

    @property
    def tuning_drift_cents(self) -> float | None:
        """Median cents of the last third minus that of the first."""
        return tuning_drift_cents(self.notes or [])

    @property
    def legato(self) -> float | None:
        """Share of notes that begin within 50 ms of the end of the one before."""
        return articulation((n.onset, n.offset) for n in self.notes or []).legato

    @property
    def key(self) -> str | None:
        """The key; None if it is unknown."""
        return None if self.harmony is None else self.harmony.key


def analyse(
    pieces: Iterable[NDArray[np.float32]],
    network: NoteNetwork | None,
    reference_hz: float,
    genre_network: GenreNetwork | None = None,
) -> Recording:
    """Analyse sound that comes in pieces (n,) at 16 kHz, with its DC offset."""
    genre = None if genre_network is None else GenreTrace(genre_network)
    pitch, peaks, rhythm, levels = PitchTrace(), PeakTrace(), RhythmTrace(), LevelTrace()
    stream = None if network is None else NoteStream(Transcriber(network), reference_hz)
    notes, parts = list[PlayedNote](), [np.empty(0, np.float32)]
    for piece in _filtered(pieces, genre):
        parts.append(piece)
        for trace in (pitch, peaks, rhythm, levels):
            trace.push(piece)
        notes += [] if stream is None else stream.push(piece)
    for trace in (pitch, peaks):
        trace.finish()
    notes += [] if stream is None else stream.finish()
    notes.sort(key=lambda note: (note.onset, note.midi))
    # Machines can have steady partials and a chroma, too.
    is_music = network is None or bool(notes)
    sound = np.concatenate(parts)
    harmony = referred(harmony_of(sound), reference_hz)
    levels_db = levels.levels_db()
    return Recording(
        seconds=len(sound) / SAMPLE_RATE_HZ,
        reference_hz=reference_hz,
        notes=None if network is None else notes,
        pitch=pitch.curve,
        a4_hz=peaks.a4_hz() if is_music else None,
        rhythm=rhythm.rhythm(),
        swells=swells(levels_db),
        dynamic_range_db=level_counts(levels_db).range_db(),
        harmony=harmony if harmony is None or is_music else harmony._replace(key=None),
        genre=None if genre is None else genre.shares(),
    )


def _filtered(
    pieces: Iterable[NDArray[np.float32]], genre: GenreTrace | None
) -> Iterator[NDArray[np.float32]]:
    """Yield the pieces without their DC offset; `genre` hears them as they are."""
    dc_filter = DcFilter()
    for piece in pieces:
        if genre is not None:
            genre.push(piece)
        yield dc_filter.push(piece)
    yield dc_filter.finish()
