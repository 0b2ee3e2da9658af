"""Tell the hum of machines and the syllables of speech from notes, by their exact pitch."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from daemon.practice.notes.note_creation import Note
from daemon.practice.pitch.curve import PitchCurve

LEAST_FRAMES = 4
"""Frames of 20 ms in which a note sounds alone; with fewer, it counts as a note."""

# Lines of mains hum that are at least 35 cents off every note at A4 = 440 Hz. The frequency of a
# grid varies by less than 0.4 %.
_MAINS_HZ = np.array([50.0, 60.0, 100.0, 120.0, 150.0, 180.0, 200.0, 240.0, 300.0])
_MAINS_CENTS = 7.0
_STEADY_CENTS = 15.0
_STEADY_SHARE = 0.7

# A syllable is short, and its pitch never settles. Of 1 364 notes found in speech of the training
# corpus, 732 are left with these values; of 4 443 in instruments 4 424, of 312 in singing 291.
_SYLLABLE_SECONDS = 0.3
_GLIDE_CENTS = 10.0  # median move in 20 ms
_LOWEST_SYLLABLE_MIDI = 40  # 82 Hz; the pitch of lower notes is too rough to tell
_GLIDE_SPREAD_CENTS = 30.0
_RECENT_NOTES = 8
_SPEECH_SHARE = 0.6
_LEAST_CONTEXT = 3

# Of 4 755 notes of instruments and singing in the training corpus, two are such slides.
_RECENT_SLIDES = 3
_SLIDE_CENTS = 50.0
_SLIDE_ONE_WAY = 0.85  # of the whole way of the pitch
_SLIDE_STAY, _STAY_CENTS = 0.7, 40.0  # not this share of the note within this


def is_hum(curve: PitchCurve) -> bool:
    """Return whether the voiced frames of a curve stay at a frequency of mains hum.

    Noise beside it moves single frames, but not their middle.
    """
    cents = _cents_of(curve)
    if len(cents) < LEAST_FRAMES:
        return False
    middle = _middle(cents)
    off_mains = np.abs(1200.0 * np.log2(_MAINS_HZ / 440.0) - middle).min()
    steady = np.mean(np.abs(cents - middle) <= _STEADY_CENTS)
    return bool(off_mains <= _MAINS_CENTS and steady >= _STEADY_SHARE)


class SlideFilter:
    """Recognizes the slide of a motor that speeds up, or of a siren; notes must come in order.

    Its notes have no pitch that stays; a portamento leads to a note that does.
    """

    def __init__(self) -> None:
        self._recent = deque[bool](maxlen=_RECENT_SLIDES)

    def is_slide(self, curve: PitchCurve) -> bool:
        """Return whether the next note, with its pitch, only slides, as another just before."""
        cents = _cents_of(curve)
        if len(cents) < LEAST_FRAMES:
            return False
        self._recent.append(_slides(cents))
        return self._recent[-1] and sum(self._recent) > 1


def _slides(cents: NDArray[np.float64]) -> bool:
    """Return whether the pitch (n,) goes one way without staying anywhere."""
    way = np.abs(np.diff(cents)).sum()
    if _spread(cents) < _SLIDE_CENTS or abs(cents[-1] - cents[0]) < _SLIDE_ONE_WAY * way:
        return False
    length = int(_SLIDE_STAY * len(cents)) + 1
    stays = np.lib.stride_tricks.sliding_window_view(cents, length)
    return bool(np.ptp(stays, axis=1).min() > _STAY_CENTS)


class SpeechFilter:
    """Recognizes the syllables of speech by the notes before; notes must come in order."""

    def __init__(self) -> None:
        self._recent = deque[bool](maxlen=_RECENT_NOTES)

    def is_syllable(self, note: Note, curve: PitchCurve) -> bool:
        """Return whether the next note, with its pitch, is rather a syllable.

        Its pitch glides, and so does that of most short notes before; or it is short, and most
        notes before were syllables.
        """
        is_short = note.offset_seconds - note.onset_seconds < _SYLLABLE_SECONDS
        cents = _cents_of(curve)
        glides = False
        if len(cents) >= LEAST_FRAMES:
            glides = is_short and note.midi >= _LOWEST_SYLLABLE_MIDI and _glides(cents)
            self._recent.append(glides)
        if not self._recent or sum(self._recent) < _SPEECH_SHARE * len(self._recent):
            return False
        return glides or (is_short and len(self._recent) >= _LEAST_CONTEXT)


def _glides(cents: NDArray[np.float64]) -> bool:
    moves = np.abs(np.diff(cents))
    return _middle(moves) > _GLIDE_CENTS and _spread(cents) > _GLIDE_SPREAD_CENTS


def _middle(values: NDArray[np.float64]) -> float:
    """Return the upper median of values (n,), in a fifth of the time of `np.median`."""
    return float(np.sort(values)[len(values) // 2])


def _spread(cents: NDArray[np.float64]) -> float:
    low, high = np.quantile(cents, [0.1, 0.9])
    return float(high - low)


def _cents_of(curve: PitchCurve) -> NDArray[np.float64]:
    """Return the pitch (n,) of the voiced frames in cents above 440 Hz."""
    cents: NDArray[np.float64] = 1200.0 * np.log2(curve.hz[curve.is_voiced] / 440.0)
    return cents
