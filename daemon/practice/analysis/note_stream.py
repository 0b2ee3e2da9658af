"""The notes of a stream, with exact pitch and vibrato where one voice sounds alone."""

import math
from collections import deque
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from daemon.practice.analysis.hum_trace import HumTrace
from daemon.practice.analysis.lone_pitch import LonePitch
from daemon.practice.analysis.played_note import PlayedNote, played_note
from daemon.practice.analysis.unmusical import SlideFilter, SpeechFilter, is_hum
from daemon.practice.notes.note_creation import LOWEST_MIDI, Ended, Note, Started
from daemon.practice.pitch.curve import PitchCurve
from daemon.practice.pitch.periodicity import HOP_SECONDS
from daemon.practice.vibrato import Vibrato, vibrato

REACH_SECONDS = 60.0
"""The pitch of a longer note is that of its last minute."""

# The pitch of an attack and of a release is not that of the note.
_ATTACK_SECONDS, _RELEASE_SECONDS = 0.04, 0.02
_LEAST_FRAMES = 4
# The pitch belongs to a note if it is nearer to it than to any other key.
_NEAREST_SEMITONES = 0.75
_NEWEST_SECONDS = 0.2
_HUM_SECONDS = 0.5
_HUM_REACH_SECONDS = 2.0
_KEPT_NOTES = 200
# A quarter tone off, one tone is heard as both keys beside it, with the same pitch.
_TWIN_SEMITONES, _TWIN_SECONDS, _TWIN_NOTES = 0.3, 0.06, 16
_DECISION_SECONDS = 5.0  # from the end of a note to the time at which it is known


class NoteSource(Protocol):
    """Recognizes the notes of one stream of 16 kHz mono sound, as a `Transcriber` does."""

    @property
    def decided_frames(self) -> int:
        """The number of frames of 20 ms in which it is decided which notes sound."""

    def push(self, samples: NDArray[np.float32]) -> list[Started | Ended]:
        """Return what the next samples (n,) decide."""

    def finish(self) -> list[Started | Ended]:
        """Return what is left at the end of the sound."""


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

    Times begin with `origin_seconds`. Notes are relative to `reference_hz`.
    """

    def __init__(
        self,
        source: NoteSource,
        reference_hz: float,
        origin_seconds: float = 0.0,
    ) -> None:
        self._pitch = LonePitch(REACH_SECONDS + _DECISION_SECONDS)
        self._hum = HumTrace(REACH_SECONDS + _DECISION_SECONDS)
        self._source = source
        self._reference_hz = reference_hz
        self._origin = origin_seconds
        self._spans = deque[_Span](maxlen=_KEPT_NOTES)
        self._speech, self._slides = SpeechFilter(), SlideFilter()
        self._newest_notes = deque[Note](maxlen=_TWIN_NOTES)
        self._begun: int | None = None

    def push(self, samples: NDArray[np.float32]) -> list[PlayedNote]:
        """Return the notes that (n,) further samples at 16 kHz complete, by their ends."""
        self._begun = None
        self._pitch.push(samples)
        self._hum.push(samples)
        return self._take(self._source.push(samples), self._source.decided_frames)

    def finish(self) -> list[PlayedNote]:
        """Return the remaining notes; the sound has ended."""
        events = self._source.finish()
        ends = [event.note.offset_seconds for event in events if isinstance(event, Ended)]
        return self._take(events, round(max(ends, default=0.0) / HOP_SECONDS) + 1)

    @property
    def sounding(self) -> Sounding:
        """The notes that sound at the end of the sound so far.

        If none does, the last one that began and ended with the newest samples.
        """
        still = [span for span in self._spans if span.offset == math.inf]
        spans = [span for span in still if not self._hums(span)]
        newest = max(spans, key=lambda span: span.onset).key if spans else self._begun
        if newest is None or (still and not spans):
            return Sounding((), None, None)
        keys = sorted({span.key for span in spans} or {newest})
        shift = 12.0 * math.log2(self._reference_hz / 440.0)
        pitch = self._newest_pitch(newest) if len(keys) == 1 else None
        if pitch is None:
            midis = [round(LOWEST_MIDI + key - shift) for key in keys]
            return Sounding(tuple(midis), round(LOWEST_MIDI + newest - shift), None)
        midi = round(pitch - shift)
        return Sounding((midi,), midi, 100.0 * (pitch - shift - midi))

    def newest_pitch(self, seconds: float) -> PitchCurve:
        """Return the pitch of the last `seconds`, voiced where one note sounds alone."""
        return self._pitch.lone(*self._pitch.newest(seconds))

    def _hums(self, span: "_Span") -> bool:
        """Return whether a note that sounds is only mains hum."""
        start, end = self._pitch.newest(_HUM_SECONDS)
        if self._hum.is_hum(max(span.onset, end - _HUM_REACH_SECONDS), end):
            return True
        return is_hum(self._pitch.near_key(span.key, max(start, span.onset), end))

    def _newest_pitch(self, key: int) -> float | None:
        pitch = _semitones_of(self._pitch.of_key(key, *self._pitch.newest(_NEWEST_SECONDS)))
        near = pitch[np.abs(pitch - LOWEST_MIDI - key) < _NEAREST_SEMITONES]
        return float(np.median(near)) if len(near) >= _LEAST_FRAMES else None

    def _take(self, events: list[Started | Ended], decided_frames: int) -> list[PlayedNote]:
        """Return the notes that `events` complete; nothing before `decided_frames` will change."""
        notes = []
        for event in events:
            if isinstance(event, Started):
                self._spans.append(_Span(event.key, event.onset_seconds))
                self._begun = event.key
                continue
            for span in self._spans:
                if span.key == event.key and span.offset == math.inf:
                    span.offset = event.note.offset_seconds
            notes.append(event)
        self._pitch.follow(self._spans, decided_frames)
        music = [ended for ended in notes if self._is_music(ended) and not self._is_twin(ended)]
        if self._begun in {ended.key for ended in notes} - {ended.key for ended in music}:
            self._begun = None
        return [self._played(ended) for ended in music]

    def _is_music(self, ended: Ended) -> bool:
        """Return whether a note is no hum, slide or syllable; notes must come in order."""
        note = ended.note
        start = max(note.onset_seconds, note.offset_seconds - REACH_SECONDS)
        near = self._pitch.near_key(ended.key, start, note.offset_seconds)
        if is_hum(near) or self._hum.is_hum(start, note.offset_seconds):
            return False
        curve = self._pitch.of_key(ended.key, start, note.offset_seconds)
        is_slide, is_syllable = self._slides.is_slide(curve), self._speech.is_syllable(note, curve)
        return not (is_slide or is_syllable)

    def _is_twin(self, ended: Ended) -> bool:
        """Return whether a note is a tone between two keys whose other key has already ended."""
        note, pitch = ended.note, ended.note.midi + ended.note.cents / 100.0
        is_twin = any(
            abs(other.midi + other.cents / 100.0 - pitch) < _TWIN_SEMITONES
            and abs(other.onset_seconds - note.onset_seconds) <= _TWIN_SECONDS
            for other in self._newest_notes
        )
        self._newest_notes.append(note)
        return is_twin

    def _played(self, ended: Ended) -> PlayedNote:
        semitones, swing = self._measured(ended.key, ended.note)
        return played_note(
            ended.note,
            self._reference_hz,
            semitones=semitones,
            vibrato=swing,
            origin_seconds=self._origin,
        )

    def _measured(self, key: int, note: Note) -> tuple[float | None, Vibrato | None]:
        """Return the exact pitch and the vibrato of a note, each None if it is unknown."""
        start = max(note.onset_seconds + _ATTACK_SECONDS, note.offset_seconds - REACH_SECONDS)
        curve = self._pitch.of_key(key, start, note.offset_seconds - _RELEASE_SECONDS)
        expected = note.midi + note.cents / 100.0
        pitch = _semitones_of(curve)
        near = np.abs(pitch - expected) < _NEAREST_SEMITONES
        if near.sum() < max(_LEAST_FRAMES, len(curve.hz) / 2):
            return None, None
        return float(np.median(pitch[near])), vibrato(*curve.every_10_ms())


def _semitones_of(curve: PitchCurve) -> NDArray[np.float64]:
    """Return the pitch (n,) of the voiced frames as MIDI numbers at A4 = 440 Hz."""
    pitch: NDArray[np.float64] = 69.0 + 12.0 * np.log2(curve.hz[curve.is_voiced] / 440.0)
    return pitch
