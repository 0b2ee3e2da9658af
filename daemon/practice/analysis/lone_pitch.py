"""The exact pitch of a stream wherever one note sounds alone."""

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from daemon.practice.notes.note_creation import KEYS, LOWEST_MIDI
from daemon.practice.pitch.curve import PitchCurve
from daemon.practice.pitch.note_pitch import HIGHEST_MIDI, NotePitch
from daemon.practice.pitch.periodicity import HOP_SECONDS

_ROUNDING_SECONDS = 1e-6
# By the semitones to the lowest note: one at its harmonics 2 to 8 does not change the period.
_IS_HARMONIC = np.isin(np.arange(KEYS + 1), (0, 12, 19, 24, 28, 31, 34, 36))
_NO_KEY = -1
# A tone between two keys is often heard as both. They then count as one key between them.
_BETWEEN_KEYS = 0.5
_LONGEST_RUN = 50  # frames that are read at once


class Span(Protocol):
    """When a key sounded, in seconds."""

    @property
    def key(self) -> int:
        """Its key, 0..87."""

    @property
    def onset(self) -> float:
        """When it began."""

    @property
    def offset(self) -> float:
        """When it ended; infinity while it sounds."""


class LonePitch:
    """Reads the pitch every HOP_SECONDS; remembers the newest block and `keep_seconds` before."""

    def __init__(self, keep_seconds: float) -> None:
        self._pitch = NotePitch()
        self._keep = round(keep_seconds / HOP_SECONDS)
        self._first = 0  # the number of the first remembered frame
        self._keys: NDArray[np.float64] = np.empty(0)
        self._hz: NDArray[np.float64] = np.empty(0)

    @property
    def frames(self) -> int:
        """The number of frames whose pitch is known."""
        return self._first + len(self._hz)

    def push(self, samples: NDArray[np.float32]) -> None:
        """Hear (n,) further samples at 16 kHz."""
        self._pitch.push(samples)

    def follow(self, spans: Iterable[Span], until_frame: int) -> None:
        """Read the pitch of the frames up to `until_frame`, whose sounding keys are `spans`."""
        first, count = self.frames, until_frame - self.frames
        if count <= 0:
            return
        keys = _lone_keys(spans, first, count)
        hz = np.full(count, np.nan)
        for start, end in _runs(keys):
            midi = LOWEST_MIDI + float(keys[start])
            if LOWEST_MIDI <= midi <= HIGHEST_MIDI:
                hz[start:end] = self._pitch.read(first + start, end - start, midi)
        # Notes that end in the new frames need all of these, and the last `keep_seconds` before.
        gone = max(0, len(self._hz) - self._keep)
        self._keys = np.concatenate([self._keys[gone:], keys])
        self._hz = np.concatenate([self._hz[gone:], hz])
        self._first += gone
        self._pitch.forget(self.frames)

    def of_key(self, key: int, start_seconds: float, end_seconds: float) -> PitchCurve:
        """Return the remembered pitch between two times, voiced where `key` sounds alone."""
        keys, hz = self._between(start_seconds, end_seconds)
        return PitchCurve(hz, np.isfinite(hz) & (keys == key))

    def near_key(self, key: int, start_seconds: float, end_seconds: float) -> PitchCurve:
        """Return the same, voiced also where `key` and a neighbour sound, of a tone between."""
        keys, hz = self._between(start_seconds, end_seconds)
        return PitchCurve(hz, np.isfinite(hz) & (np.abs(keys - key) <= _BETWEEN_KEYS))

    def newest(self, seconds: float) -> tuple[float, float]:
        """Return the times of the first and the last frame of the last `seconds`."""
        last = (self.frames - 1) * HOP_SECONDS
        return last - seconds + HOP_SECONDS, last

    def lone(self, start_seconds: float, end_seconds: float) -> PitchCurve:
        """Return the remembered pitch between two times, voiced where any key sounds alone."""
        keys, hz = self._between(start_seconds, end_seconds)
        return PitchCurve(hz, np.isfinite(hz) & (keys == np.floor(keys)))

    def _between(
        self, start_seconds: float, end_seconds: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        first = max(0, round(start_seconds / HOP_SECONDS) - self._first)
        last = max(first, round(end_seconds / HOP_SECONDS) - self._first + 1)
        return self._keys[first:last], self._hz[first:last]


def _lone_keys(spans: Iterable[Span], first_frame: int, frames: int) -> NDArray[np.float64]:
    """Return the key (frames,) that sounds alone, apart from its harmonics; -1 without one.

    Two neighbours are the key between them.
    """
    start, end = first_frame * HOP_SECONDS, (first_frame + frames) * HOP_SECONDS
    parts = [span for span in spans if span.onset < end and span.offset >= start]
    # From low to high: the lowest note is the only one whose harmonics the others can be.
    parts.sort(key=lambda span: span.key)
    keys, between = np.full(frames, _NO_KEY, np.int64), np.zeros(frames, bool)
    spoilt = np.zeros(frames, bool)
    for span in parts:
        begins = math.ceil(span.onset / HOP_SECONDS - _ROUNDING_SECONDS) - first_frame
        ends = frames
        if span.offset < end:
            ends = math.floor(span.offset / HOP_SECONDS + _ROUNDING_SECONDS) - first_frame + 1
        here = slice(max(0, begins), max(0, ends))
        is_lowest = keys[here] == _NO_KEY
        above = span.key - keys[here]
        between[here] |= ~is_lowest & (above == 1)
        spoilt[here] |= ~(is_lowest | (above == 1) | _IS_HARMONIC[above])
        keys[here][is_lowest] = span.key
    found = keys + _BETWEEN_KEYS * between
    found[spoilt] = _NO_KEY
    return found


def _runs(keys: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return where stretches of one key begin and end; long ones are divided."""
    cuts = [0, *(np.flatnonzero(np.diff(keys)) + 1).tolist(), len(keys)]
    return [
        (at, min(at + _LONGEST_RUN, end))
        for start, end in pairwise(cuts)
        for at in range(start, end, _LONGEST_RUN)
    ]
