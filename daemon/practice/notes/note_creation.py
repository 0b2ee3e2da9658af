"""Turn the note model's activations into notes, frame by frame, with a fixed look-ahead."""

from collections import deque
from collections.abc import Sequence
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

KEYS = 88
"""Keys of a piano; outputs of the note model."""
LOWEST_MIDI = 21
"""MIDI number of the first key, A0."""
CONTOUR_BINS = 3
"""Bins of the contour in a semitone; the middle one is the key's own pitch."""

_HARMONICS = (12, 19, 24, 28, 31, 34, 36)
"""Semitones from a key to its harmonics 2 to 8, at which a ghost can appear."""
_NEIGHBOURS = 2
"""An onset is the largest value of its key within this many frames."""
_TOGETHER_FRAMES = 3
"""Notes whose onsets differ by at most this many frames begin together."""
_LEAST_REPEAT_FRAMES = 4
"""The shortest time between two onsets of one key."""
_ATTACK_FRAMES = 3
"""A note is not released this soon, because its activation is still rising."""
_PITCH_FIRST_FRAME, _PITCH_LAST_FRAME = 2, 30
"""The frames after the onset whose contour and level give a note's pitch and loudness."""
_PITCH_REACH = 2
"""Bins of the contour to either side of the key that its pitch is found in."""
_LONGEST_LOOK_AHEAD = 10

Row = NDArray[np.float32]
Share = Annotated[float, Meta(ge=0, le=1)]


class NoteRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Operating points of the decision, stored in the note model's file.

    Raises ValueError if `shortest_frames` exceeds `look_ahead_frames`.
    """

    onset: Share = 0.4
    """The least onset output of a note."""
    confirmation: Share = 0.6
    """The least highest activation in the look-ahead after an onset."""
    release: Share = 0.3
    """A note ends when its activation stays below this for two frames."""
    shortest_frames: Annotated[int, Meta(ge=1, le=_LONGEST_LOOK_AHEAD)] = 3
    """Frames over which the mean activation of a new note must reach `release`."""
    repeat_margin: Share = 0.15
    """A key that sounds is struck again if its onset output exceeds `onset` by this."""
    ghost_strength: Share = 0.7
    """A harmonic of a note that begins with it needs this share of the note's strength."""
    ghost_activation: Share = 0.8
    """It needs this share of that note's activation, too."""
    look_ahead_frames: Annotated[int, Meta(ge=_NEIGHBOURS, le=_LONGEST_LOOK_AHEAD)] = 5
    """A note is decided when this many frames after its onset are known."""

    def __post_init__(self) -> None:
        if self.shortest_frames > self.look_ahead_frames:
            raise ValueError("shortest_frames must be at most look_ahead_frames")


class NoteFrame(NamedTuple):
    """The note model's outputs for one frame, each between 0 and 1."""

    activation: Row
    """Whether each key sounds, (88,)."""
    onset: Row
    """Whether a note of each key begins, (88,)."""
    pitch: Row
    """The contour, (264,); bin `3 key + 1` is the key's own pitch."""
    level_db: Row
    """Level of each key and its harmonics in dBFS, (88,)."""


class Note(NamedTuple):
    """A note that was played."""

    onset_seconds: float
    """When it begins."""
    offset_seconds: float
    """When it ends."""
    midi: int
    """The nearest MIDI number at A4 = 440 Hz."""
    cents: float
    """Deviation of its pitch from `midi`, -50..50."""
    loudness_dbfs: float
    """Its highest level within 0.6 s."""


class Started(NamedTuple):
    """A note was recognized; it still sounds."""

    key: int
    """Its key, 0..87; the key's MIDI number is 21 more."""
    onset_seconds: float
    """When it began."""


class Ended(NamedTuple):
    """A note has ended."""

    key: int
    """Its key, as in `Started`."""
    note: Note
    """The complete note."""


class _Open:
    """A note that sounds."""

    def __init__(self, frame: int, onset: float) -> None:
        self.frame = frame  # of its onset
        self.onset = onset  # the same, with a fraction
        self.contours: list[Row] = []
        self.level_db = -np.inf


class NoteCreation:
    """The notes of one stream of frames. Equal frames give equal notes, however they arrive."""

    def __init__(self, rules: NoteRules, frame_seconds: float) -> None:
        self._rules, self._seconds = rules, frame_seconds
        self._look_ahead = rules.look_ahead_frames
        self.reset()

    def reset(self, first_frame: int = 0) -> None:
        """Forget everything; the next frame is number `first_frame` of the sound."""
        silent = np.zeros(KEYS, np.float32)
        quiet = NoteFrame(silent, silent, np.zeros(CONTOUR_BINS * KEYS, np.float32), silent - 200)
        # The frames around the one that is decided: it is number _TOGETHER_FRAMES here.
        rows = self._look_ahead + _TOGETHER_FRAMES + 1
        self._rows = deque([quiet] * rows, rows)
        # For each of these rows but the last two, the strength of the onsets that are peaks.
        self._peaks = deque([silent] * (rows - _NEIGHBOURS), rows - _NEIGHBOURS)
        self._quiet = quiet
        self._open: dict[int, _Open] = {}
        self._first = self._next = first_frame

    @property
    def sounding(self) -> tuple[int, ...]:
        """The keys of the notes that sound, from low to high."""
        return tuple(sorted(self._open))

    @property
    def decided_frames(self) -> int:
        """The number of frames in which it is decided which notes sound."""
        return max(0, self._next - self._look_ahead)

    def push(self, frame: NoteFrame) -> list[Started | Ended]:
        """Return what the next frame decides: notes that began `look_ahead_frames` before."""
        self._rows.append(frame)
        self._peaks.append(self._new_peaks())
        decided = self._next - self._look_ahead
        self._next += 1
        if decided < self._first:
            return []
        told: list[Started | Ended] = []
        if self._open:
            self._follow(decided)
            told += self._released(decided)
        if self._peaks[_TOGETHER_FRAMES] is not self._quiet.onset:
            told += self._begun(decided)
        return told

    def finish(self) -> list[Started | Ended]:
        """Return what is left at the end of the sound; open notes end with its last frame."""
        end = self._next
        told: list[Started | Ended] = []
        for _ in range(self._look_ahead if end > self._first else 0):
            told += self.push(self._quiet)
        told += [self._end(key, max(end, self._open[key].frame + 1)) for key in self.sounding]
        self.reset(end)
        return told

    def _new_peaks(self) -> Row:
        """Return the strength of each key's onset in the newest row that has its neighbours."""
        onset = self._rows[-_NEIGHBOURS - 1].onset
        if not onset[onset.argmax()] > self._rules.onset:
            return self._quiet.onset
        before2, before, here, after, after2 = list(self._rows)[-2 * _NEIGHBOURS - 1 :]
        is_peak = onset > self._rules.onset
        is_peak &= (onset >= before.onset) & (onset > after.onset)
        is_peak &= (onset >= before2.onset) & (onset >= after2.onset)
        activation = np.maximum(here.activation, np.maximum(after.activation, after2.activation))
        return np.where(is_peak, onset * activation, np.float32(0.0))

    def _follow(self, decided: int) -> None:
        """Add the decided frame to the pitch and the loudness of the open notes."""
        row = self._rows[_TOGETHER_FRAMES]
        for key, note in self._open.items():
            age = decided - note.frame
            if age <= _PITCH_LAST_FRAME:
                note.level_db = max(note.level_db, float(row.level_db[key]))
            if _PITCH_FIRST_FRAME <= age <= _PITCH_LAST_FRAME:
                note.contours.append(row.pitch)

    def _released(self, decided: int) -> list[Ended]:
        before, now = self._rows[_TOGETHER_FRAMES - 1], self._rows[_TOGETHER_FRAMES]
        over = [
            key
            for key in sorted(self._open)
            if now.activation[key] < self._rules.release
            and before.activation[key] < self._rules.release
            and decided > self._open[key].frame + _ATTACK_FRAMES
        ]
        return [self._end(key, decided - 1) for key in over]

    def _begun(self, decided: int) -> list[Started | Ended]:
        strengths = self._peaks[_TOGETHER_FRAMES]
        told: list[Started | Ended] = []
        for key in map(int, np.flatnonzero(strengths)):
            if not self._is_note(key) or not self._may_repeat(key, decided):
                continue
            if key in self._open:
                told.append(self._end(key, decided))
            onset = decided + self._fraction(key)
            self._open[key] = _Open(decided, onset)
            self._open[key].level_db = float(self._rows[_TOGETHER_FRAMES].level_db[key])
            told.append(Started(key, max(0.0, onset * self._seconds)))
        return told

    def _is_note(self, key: int) -> bool:
        """Return whether a peak of the decided frame is a note, not a spike or a ghost."""
        ahead = [row.activation for row in list(self._rows)[_TOGETHER_FRAMES + 1 :]]
        own = [float(activation[key]) for activation in ahead]
        if max(own) < self._rules.confirmation:
            return False
        shortest = own[: self._rules.shortest_frames]
        if sum(shortest) < self._rules.release * len(shortest):
            return False
        strength = float(self._peaks[_TOGETHER_FRAMES][key])
        for interval in _HARMONICS:
            below = key - interval
            if below < 0:
                break
            of_below = max(float(peaks[below]) for peaks in self._peaks)
            if not of_below:
                continue
            activation_below = sum(float(activation[below]) for activation in ahead)
            if (
                strength < self._rules.ghost_strength * of_below
                or sum(own) < self._rules.ghost_activation * activation_below
            ):
                return False
        return True

    def _may_repeat(self, key: int, decided: int) -> bool:
        """Return whether a key that sounds can begin anew; True if it does not sound."""
        if key not in self._open:
            return True
        if decided - self._open[key].frame < _LEAST_REPEAT_FRAMES:
            return False
        row = self._rows[_TOGETHER_FRAMES]
        return float(row.onset[key]) >= self._rules.onset + self._rules.repeat_margin

    def _fraction(self, key: int) -> float:
        """Return how far the onset's true peak is from the decided frame, -0.5..0.5 frames."""
        around = (_TOGETHER_FRAMES - 1, _TOGETHER_FRAMES, _TOGETHER_FRAMES + 1)
        before, here, after = (float(self._rows[row].onset[key]) for row in around)
        bend = before - 2 * here + after
        return min(0.5, max(-0.5, 0.5 * (before - after) / bend)) if bend < 0 else 0.0

    def _end(self, key: int, frame: int) -> Ended:
        note = self._open.pop(key)
        contour = _contour_around(note.contours, key)
        if not contour.any():
            contour = _contour_around([self._rows[_TOGETHER_FRAMES].pitch], key)
        pitch = LOWEST_MIDI + key + _centre(contour) / CONTOUR_BINS
        midi = round(pitch)
        onset_seconds = max(0.0, note.onset * self._seconds)
        offset_seconds = max(frame * self._seconds, onset_seconds + self._seconds)
        cents = 100.0 * (pitch - midi)
        return Ended(key, Note(onset_seconds, offset_seconds, midi, cents, note.level_db))


def _contour_around(contours: Sequence[Row], key: int) -> NDArray[np.float64]:
    """Return the sum of the bins around a key (5,); 0 beyond the ends of the keyboard."""
    total = np.zeros(2 * _PITCH_REACH + 1)
    first = CONTOUR_BINS * key + 1 - _PITCH_REACH
    low, high = max(0, first), min(CONTOUR_BINS * KEYS, first + len(total))
    if contours:
        rows = np.array([contour[low:high] for contour in contours], np.float64)
        total[low - first : high - first] = rows.sum(axis=0)
    return total


def _centre(contour: NDArray[np.float64]) -> float:
    """Return the centre of the highest bin and its neighbours, in bins from the key's own."""
    highest = int(contour.argmax())
    low, high = max(0, highest - 1), min(len(contour), highest + 2)
    weights = contour[low:high]
    if weights.sum() <= 0:
        return 0.0
    return float((weights * np.arange(low, high)).sum() / weights.sum()) - _PITCH_REACH
