"""Standard MIDI files of several channels with bends, pedals and swells, timed in milliseconds."""

from collections.abc import Iterable
from typing import NamedTuple

from model_build.rendering.midi_file import TICKS_PER_SECOND, variable_length

BEND_RANGE_SEMITONES = 2.0
"""General MIDI's default range of the pitch wheel to either side."""
RESET, VOLUME, PAN, EXPRESSION, PEDAL, SOUND_OFF = 121, 7, 10, 11, 64, 120
"""Numbers of the controllers that are used."""

_BEND_CENTRE, _HIGHEST_BEND = 8_192, 16_383
_SETTING, _RELEASE, _PRESS = range(3)


class Event(NamedTuple):
    """A MIDI message at a time; events of one time are sent in the order of their ranks."""

    seconds: float
    """When it is sent."""
    rank: int
    """Settings come before releases, and releases before presses."""
    message: bytes
    """The message, with its channel."""


def program(seconds: float, channel: int, number: int) -> Event:
    """Choose a program, 0..127."""
    return Event(seconds, _SETTING, bytes((0xC0 | channel, number)))


def control(seconds: float, channel: int, number: int, value: int) -> Event:
    """Set a controller to 0..127."""
    return Event(seconds, _SETTING, bytes((0xB0 | channel, number, max(0, min(127, value)))))


def bend(seconds: float, channel: int, semitones: float) -> Event:
    """Set the pitch wheel; deviations beyond its range are cut."""
    wheel = _BEND_CENTRE + round(semitones / BEND_RANGE_SEMITONES * _BEND_CENTRE)
    wheel = max(0, min(_HIGHEST_BEND, wheel))
    return Event(seconds, _SETTING, bytes((0xE0 | channel, wheel & 0x7F, wheel >> 7)))


def press(seconds: float, channel: int, midi: int, velocity: int) -> Event:
    """Press a key."""
    return Event(seconds, _PRESS, bytes((0x90 | channel, midi, max(1, min(127, velocity)))))


def release(seconds: float, channel: int, midi: int) -> Event:
    """Release a key."""
    return Event(seconds, _RELEASE, bytes((0x80 | channel, midi, 0)))


def score_file(events: Iterable[Event]) -> bytes:
    """Return the events as a file with one track."""
    track = bytearray(b"\x00\xff\x51\x03" + (1_000_000).to_bytes(3, "big"))  # a beat is a second
    now = 0
    timed = sorted((round(e.seconds * TICKS_PER_SECOND), e.rank, e.message) for e in events)
    for tick, _, message in timed:
        track += variable_length(tick - now) + message
        now = tick
    track += b"\x00\xff\x2f\x00"
    header = b"".join(number.to_bytes(2, "big") for number in (0, 1, TICKS_PER_SECOND))
    return b"MThd\x00\x00\x00\x06" + header + b"MTrk" + len(track).to_bytes(4, "big") + track
