"""What the note network should answer: notes with exact times as arrays for each frame."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.notes.note_creation import CONTOUR_BINS, KEYS, LOWEST_MIDI
from daemon.practice.notes.stacking import STACKED_BINS

ONSET_REACH_SECONDS = 0.055
"""The onset's target falls from 1 to 0 over this time to either side."""
CONTOUR_SPREAD_BINS = 0.8
"""Standard deviation of the contour's target around the true pitch."""
AMBIGUOUS_SEMITONES = 0.3
"""A note this far from its key leaves the neighbouring key's target open."""

_CONTOUR_REACH = 2
_VIBRATO_ATTACK_SECONDS = 0.2

Array = NDArray[np.float32]


class Vibrato(NamedTuple):
    """A periodic change of pitch."""

    from_seconds: float
    """When it begins; it grows for 0.2 s."""
    hz: float
    """Cycles a second."""
    semitones: float
    """Half of peak to peak."""


class LabelledNote(NamedTuple):
    """A note that can be heard in a clip."""

    onset_seconds: float
    """When its sound has risen, not when the key goes down."""
    offset_seconds: float
    """When it has died away or was released."""
    midi: float
    """Its pitch as a MIDI number, with a fraction, at A4 = 440 Hz."""
    vibrato: Vibrato | None = None
    """None for a steady pitch."""


class Targets(NamedTuple):
    """Targets of a clip, each between 0 and 1."""

    activation: Array
    """Whether each key sounds, (frames, 88)."""
    onset: Array
    """Whether a note of each key begins, (frames, 88)."""
    pitch: Array
    """The contour, (frames, 264)."""
    weight: Array
    """0 where activation and onset are open, else 1, (frames, 88)."""


def targets_of(notes: Sequence[LabelledNote], frames: int, frame_seconds: float) -> Targets:
    """Return the targets of `frames` frames, centred on multiples of `frame_seconds`."""
    made = Targets(
        np.zeros((frames, KEYS), np.float32),
        np.zeros((frames, KEYS), np.float32),
        np.zeros((frames, STACKED_BINS), np.float32),
        np.ones((frames, KEYS), np.float32),
    )
    times = np.arange(frames, dtype=np.float64) * frame_seconds
    for note in notes:
        key = round(note.midi - LOWEST_MIDI)
        if 0 <= key < KEYS:
            _add(made, note, key, times)
    return made


def _add(made: Targets, note: LabelledNote, key: int, times: NDArray[np.float64]) -> None:
    sounds = np.flatnonzero((times >= note.onset_seconds) & (times <= note.offset_seconds))
    rise = 1.0 - np.abs(times - note.onset_seconds) / ONSET_REACH_SECONDS
    begins = np.flatnonzero(rise > 0)
    made.activation[sounds, key] = 1.0
    made.onset[begins, key] = np.maximum(made.onset[begins, key], rise[begins])
    deviation = note.midi - LOWEST_MIDI - key
    neighbour = key + (1 if deviation > 0 else -1)
    if abs(deviation) > AMBIGUOUS_SEMITONES and 0 <= neighbour < KEYS:
        made.weight[sounds, neighbour] = 0.0
        made.weight[begins, neighbour] = 0.0
    centres = CONTOUR_BINS * (_pitch(note, times[sounds]) - LOWEST_MIDI) + 1
    nearest = np.rint(centres).astype(int)
    for distance in range(-_CONTOUR_REACH, _CONTOUR_REACH + 1):
        bins = nearest + distance
        inside = (bins >= 0) & (bins < STACKED_BINS)
        value = np.exp(-0.5 * ((bins - centres) / CONTOUR_SPREAD_BINS) ** 2)
        place = sounds[inside], bins[inside]
        made.pitch[place] = np.maximum(made.pitch[place], value[inside])


def _pitch(note: LabelledNote, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the pitch at each time as a MIDI number."""
    if note.vibrato is None:
        return np.full(len(times), note.midi)
    since = times - note.vibrato.from_seconds
    extent = note.vibrato.semitones * np.clip(since / _VIBRATO_ATTACK_SECONDS, 0.0, 1.0)
    return np.asarray(note.midi + extent * np.sin(2 * np.pi * note.vibrato.hz * since))
