"""Measure the programs of a soundfont: how late a note is heard, how long, and at which pitch.

A label that follows the MIDI key would be wrong for slow attacks, for notes that die away while the
key is held, and for programs that sound an octave off.
"""

from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from model_build.notes.pitch_estimate import SILENT_RMS, pitch_midi
from model_build.rendering.midi_file import Note
from model_build.rendering.soundfont import SAMPLE_RATE_HZ, render

SURVEYED_KEYS = (36, 43, 48, 55, 60, 67, 72, 79, 84)
"""The keys that are measured."""

_HELD_SECONDS, _SPACING_SECONDS = 1.0, 1.5
_VELOCITY = 90
_ATTACK_DB, _DECAY_DB = -12.0, -30.0
_STEP_SAMPLES = SAMPLE_RATE_HZ // 200
_PITCH_AFTER_SECONDS, _PITCH_SECONDS = 0.08, 0.3
_MOST_SEMITONES_OFF = 0.6
_LEAST_GOOD_KEYS = 5

Samples = NDArray[np.float32]


class KeyFigures(msgspec.Struct, frozen=True):
    """One key of a program."""

    midi: int
    """The key."""
    attack_seconds: float
    """From the key's press until the sound is within 12 dB of its highest level."""
    decay_seconds: float | None
    """Until a held note has fallen by 30 dB from its highest level; None if it sounds on."""
    semitones_off: float | None
    """Measured pitch minus the key; None if there is no clear pitch."""


class ProgramFigures(msgspec.Struct, frozen=True):
    """One program of a soundfont."""

    program: int
    """General MIDI number, 0..127."""
    keys: tuple[KeyFigures, ...]
    """The audible keys."""

    @property
    def is_usable(self) -> bool:
        """True if most keys have the pitch that they should have, and no octave off."""
        return len(self._good()) >= _LEAST_GOOD_KEYS

    @property
    def tuning_semitones(self) -> float:
        """The median deviation of pitch of the good keys; 0 without any."""
        good = self._good()
        return float(np.median(good)) if good else 0.0

    def nearest(self, midi: float) -> KeyFigures:
        """Return the figures of the surveyed key nearest to `midi`."""
        return min(self.keys, key=lambda key: abs(key.midi - midi))

    def _good(self) -> list[float]:
        off = [key.semitones_off for key in self.keys]
        return [value for value in off if value is not None and abs(value) < _MOST_SEMITONES_OFF]


def survey_program(program: int, soundfont: Path) -> ProgramFigures:
    """Render and measure one program.

    Raises FileNotFoundError if fluidsynth or the soundfont is missing, ValueError if the soundfont
    has no sound for the program.
    """
    notes = [
        Note(index * _SPACING_SECONDS, _HELD_SECONDS, midi, _VELOCITY)
        for index, midi in enumerate(SURVEYED_KEYS)
    ]
    sound = render(notes, program, soundfont=soundfont)
    held = round(_HELD_SECONDS * SAMPLE_RATE_HZ)
    starts = [round(note.start_seconds * SAMPLE_RATE_HZ) for note in notes]
    measured = [
        key_figures(sound[start : start + held], midi)
        for start, midi in zip(starts, SURVEYED_KEYS, strict=True)
    ]
    return ProgramFigures(program, tuple(key for key in measured if key is not None))


def key_figures(sound: Samples, midi: int) -> KeyFigures | None:
    """Return the figures of a note's sound (n,) from the press of its key on; None if silent."""
    levels = _levels(sound)
    if not len(levels) or levels.max() < SILENT_RMS:
        return None
    highest = int(levels.argmax())
    attack = int((levels > levels[highest] * 10 ** (_ATTACK_DB / 20)).argmax())
    fallen = np.flatnonzero(levels[highest:] < levels[highest] * 10 ** (_DECAY_DB / 20))
    step_seconds = _STEP_SAMPLES / SAMPLE_RATE_HZ
    attack_seconds = attack * step_seconds
    first = round((attack_seconds + _PITCH_AFTER_SECONDS) * SAMPLE_RATE_HZ)
    pitch = pitch_midi(sound[first : first + round(_PITCH_SECONDS * SAMPLE_RATE_HZ)])
    return KeyFigures(
        midi,
        attack_seconds,
        float((highest + fallen[0]) * step_seconds) if len(fallen) else None,
        None if pitch is None else pitch - midi,
    )


def _levels(sound: Samples) -> NDArray[np.float64]:
    """Return the RMS of every 5 ms."""
    whole = len(sound) // _STEP_SAMPLES * _STEP_SAMPLES
    steps = sound[:whole].reshape(-1, _STEP_SAMPLES).astype(np.float64)
    return np.asarray(np.sqrt(np.mean(np.square(steps), axis=1)))
