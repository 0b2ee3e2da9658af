"""Several instruments that play together, rendered at once."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model_build.rendering.midi_file import (
    DRUM_CHANNEL,
    HIGHEST_MIDI,
    RING_OUT_SECONDS,
    TICKS_PER_SECOND,
    Note,
    key_events,
    variable_length,
)
from model_build.rendering.soundfont import FLUID_R3, render_midi

CHANNELS = 16
_VOLUME_CONTROL = 7


class Part(NamedTuple):
    """The notes of one instrument."""

    notes: Sequence[Note]
    """At least one, in any order."""
    program: int
    """General MIDI program 0..127, or with `is_kit` the drum kit."""
    is_kit: bool = False
    """True for drums; an ensemble has at most one kit."""
    volume: int = 100
    """0..127, as MIDI's channel volume."""


def render_ensemble(parts: Sequence[Part], soundfont: Path = FLUID_R3) -> NDArray[np.float32]:
    """Play the parts together; return mono samples at 16 kHz as `soundfont.render_midi` does.

    Raises as it does, and ValueError for parts that MIDI cannot express.
    """
    last = max(note.start_seconds + note.seconds for part in parts for note in part.notes)
    return render_midi(ensemble_midi_file(parts), last, soundfont)


def ensemble_midi_file(parts: Sequence[Part]) -> bytes:
    """Return the parts as a file with one track, timed in milliseconds, each on its own channel.

    Raises ValueError for no or too many parts, and for a value that MIDI cannot express.
    """
    if not 0 < len(parts) < CHANNELS or sum(part.is_kit for part in parts) > 1:
        raise ValueError("an ensemble has 1 to 15 parts, at most one of them drums")
    track = bytearray(b"\x00\xff\x51\x03" + (1_000_000).to_bytes(3, "big"))  # a beat is a second
    events = []
    melodic = iter(channel for channel in range(CHANNELS) if channel != DRUM_CHANNEL)
    for part in parts:
        if not (0 <= part.program <= HIGHEST_MIDI and 0 <= part.volume <= HIGHEST_MIDI):
            raise ValueError(f"program and volume must be 0..{HIGHEST_MIDI}: {part[1:]}")
        channel = DRUM_CHANNEL if part.is_kit else next(melodic)
        track += bytes((0, 0xC0 | channel, part.program))
        track += bytes((0, 0xB0 | channel, _VOLUME_CONTROL, part.volume))
        events += [(*event, channel) for event in key_events(part.notes)]
    now = 0
    for tick, velocity, pitch, channel in sorted(events):
        track += variable_length(tick - now) + bytes((0x90 | channel, pitch, velocity))
        now = tick
    track += variable_length(round(RING_OUT_SECONDS * TICKS_PER_SECOND)) + b"\xff\x2f\x00"
    header = b"".join(number.to_bytes(2, "big") for number in (0, 1, TICKS_PER_SECOND))
    return b"MThd\x00\x00\x00\x06" + header + b"MTrk" + len(track).to_bytes(4, "big") + track
