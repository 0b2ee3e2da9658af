"""The notes of a stream, with exact pitch and vibrato where one voice sounds alone."""

import math
from collections import deque
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.analysis.pitch_trace import PitchTrace, semitones_of
from daemon.practice.analysis.played_note import PlayedNote, played_note
from daemon.practice.notes.note_creation import LOWEST_MIDI, Ended, Note, Started
from daemon.practice.notes.note_network import NoteNetwork
from daemon.practice.notes.transcriber import Transcriber
from daemon.practice.pitch.curve import PitchCurve
from daemon.practice.pitch.periodicity import HOP_SECONDS
from daemon.practice.vibrato import Vibrato, vibrato

REACH_SECONDS = 60.0
"""The pitch of a longer note is that of its last minute."""

# The pitch of an attack and of a release is not that of the note.
_ATTACK_SECONDS, _RELEASE_SECONDS = 0.04, 0.02
_LEAST_FRAMES = 4
# The pitch curve belongs to a note if it is nearer to it than to any other key.
_NEAREST_SEMITONES = 0.75
_NEWEST_SECONDS = 0.2
_HARMONICS = frozenset({12, 19, 24, 28, 31, 34, 36})  # semitones to the harmonics 2 to 8
_KEPT_NOTES = 200


class Sounding(NamedTuple):
    """The notes that sound now."""

    notes: tuple[int, ...]
    """Their MIDI numbers at the reference, from low to high; empty if none sounds."""
    newest: int | None
    """The one that began last; None if none sounds."""
    cents: float | None
    """The deviation of `newest` from its key; None if it is unknown or not sounding alone."""


class _Span:
    """When a key sounded."""

    def __init__(self, key: int, onset: float) -> None:
        self.key = key
        self.onset = onset
        self.offset = math.inf


class NoteStream:
    """Recognizes notes and their exact pitch; a sound gives the same notes at any block length.

    `pitch` follows the same sound; it must remember more than `REACH_SECONDS`, and hears samples
    first. Times begin with `origin_seconds`. Notes are relative to `reference_hz`.
    """

    def __init__(
        self,
        network: NoteNetwork,
        pitch: PitchTrace,
        reference_hz: float,
        origin_seconds: float = 0.0,
    ) -> None:
        self._pitch = pitch
        self._transcriber = Transcriber(network)
        self._reference_hz = reference_hz
        self._origin = origin_seconds
        self._spans = deque[_Span](maxlen=_KEPT_NOTES)
        self._waiting = deque[Note]()
        self._begun: int | None = None

    def push(self, samples: NDArray[np.float32]) -> list[PlayedNote]:
        """Return the notes that (n,) further samples at 16 kHz complete, by their ends."""
        self._begun = None
        self._take(self._transcriber.push(samples))
        return self._complete(self._pitch.until_seconds)

    def finish(self) -> list[PlayedNote]:
        """Return the remaining notes; the sound has ended."""
        self._take(self._transcriber.finish())
        return self._complete(math.inf)

    @property
    def sounding(self) -> Sounding:
        """The notes that sound at the end of the sound so far.

        If none does, the last one that began and ended with the newest samples.
        """
        spans = [span for span in self._spans if span.offset == math.inf]
        newest = max(spans, key=lambda span: span.onset).key if spans else self._begun
        if newest is None:
            return Sounding((), None, None)
        keys = sorted({span.key for span in spans} or {newest})
        shift = 12.0 * math.log2(self._reference_hz / 440.0)
        pitch = self._newest_pitch(newest) if len(keys) == 1 else None
        if pitch is None:
            midis = [round(LOWEST_MIDI + key - shift) for key in keys]
            return Sounding(tuple(midis), round(LOWEST_MIDI + newest - shift), None)
        midi = round(pitch - shift)
        return Sounding((midi,), midi, 100.0 * (pitch - shift - midi))

    def _newest_pitch(self, key: int) -> float | None:
        pitch = semitones_of(self._pitch.newest(_NEWEST_SECONDS)[1])
        near = pitch[np.abs(pitch - LOWEST_MIDI - key) < _NEAREST_SEMITONES]
        return float(np.median(near)) if len(near) >= _LEAST_FRAMES else None

    def _take(self, events: list[Started | Ended]) -> None:
        for event in events:
            if isinstance(event, Started):
                self._spans.append(_Span(event.key, event.onset_seconds))
                self._begun = event.key
                continue
            for span in self._spans:
                if span.key == event.key and span.offset == math.inf:
                    span.offset = event.note.offset_seconds
            self._waiting.append(event.note)

    def _complete(self, until_seconds: float) -> list[PlayedNote]:
        """Return the waiting notes whose pitch is known, in the order in which they ended."""
        done = []
        while self._waiting and self._waiting[0].offset_seconds <= until_seconds:
            note = self._waiting.popleft()
            semitones, swing = self._measured(note)
            done.append(
                played_note(
                    note,
                    self._reference_hz,
                    semitones=semitones,
                    vibrato=swing,
                    origin_seconds=self._origin,
                )
            )
        return done

    def _measured(self, note: Note) -> tuple[float | None, Vibrato | None]:
        """Return the exact pitch and the vibrato of a note, each None if it is unknown."""
        start = max(note.onset_seconds + _ATTACK_SECONDS, note.offset_seconds - REACH_SECONDS)
        began, curve = self._pitch.between(start, note.offset_seconds - _RELEASE_SECONDS)
        is_alone = self._is_alone(
            note, began + HOP_SECONDS * np.arange(len(curve.hz), dtype=np.float64)
        )
        own = PitchCurve(curve.hz, curve.is_voiced & is_alone)
        expected = note.midi + note.cents / 100.0
        pitch = semitones_of(own)
        near = np.abs(pitch - expected) < _NEAREST_SEMITONES
        if near.sum() < max(_LEAST_FRAMES, len(curve.hz) / 2):
            return None, None
        return float(np.median(pitch[near])), vibrato(*own.every_10_ms())

    def _is_alone(self, note: Note, seconds: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return whether no other note sounds at each time (n,), apart from its harmonics."""
        alone = np.ones(len(seconds), bool)
        for span in self._spans:
            if span.offset < note.onset_seconds or span.onset > note.offset_seconds:
                continue
            is_own = span.onset == note.onset_seconds and span.offset == note.offset_seconds
            # A note at a harmonic does not change the period of the sound.
            if not is_own and LOWEST_MIDI + span.key - note.midi not in _HARMONICS:
                alone &= (seconds < span.onset) | (seconds > span.offset)
        return alone
