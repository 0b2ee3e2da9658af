"""Notes as a Standard MIDI File."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

RING_OUT_SECONDS = 2.0
TICKS_PER_SECOND = 1000
SHORTEST_SECONDS = 2 / TICKS_PER_SECOND
HIGHEST_MIDI = 127
DRUM_CHANNEL = 9
_VOLUME_CONTROL = 7
_USUAL_VOLUME = 100  # what General MIDI assumes


class Note(NamedTuple):
    """A key that is held down."""

    start_seconds: float
    """When the key goes down."""
    seconds: float
    """How long it is held."""
    pitch_midi: int
    """0..127; 60 is middle C."""
    velocity: int
    """1..127."""


class Part(NamedTuple):
    """The notes of one instrument."""

    notes: Sequence[Note]
    """In any order, at least one."""
    program: int
    """The instrument, or the drum kit, 0..127."""
    drums: bool = False
    """True for a drum kit; a score has at most one."""
    volume: int = _USUAL_VOLUME
    """0..127, as MIDI's channel volume."""


def standard_midi_file(notes: Sequence[Note], program: int, *, drums: bool = False) -> bytes:
    """Return the notes as a file with one track, timed in milliseconds.

    `program` is the instrument, or with `drums` the drum kit, 0..127. A key struck again while it
    is held is released first. Raises ValueError if there is no note, or for a value that MIDI
    cannot express.
    """
    return score_file([Part(notes, program, drums)])


def score_file(parts: Sequence[Part]) -> bytes:
    """Return parts that sound together, as `standard_midi_file` returns one; at most 15 and a kit.

    Raises ValueError for a part without notes, for more parts, or for a value that MIDI cannot
    express.
    """
    if sum(part.drums for part in parts) > 1:
        raise ValueError("a score has at most one drum kit")
    channels = iter(c for c in range(DRUM_CHANNEL + 7) if c != DRUM_CHANNEL)
    events: list[tuple[int, int, bytes]] = []
    for part in parts:
        channel = DRUM_CHANNEL if part.drums else next(channels, None)
        if channel is None:
            raise ValueError(f"{len(parts)} parts do not fit into a score")
        events += _channel_events(part, channel)
    if not events:
        raise ValueError("there is no note to play")
    track = bytearray(b"\x00\xff\x51\x03" + (1_000_000).to_bytes(3, "big"))  # a beat is a second
    now = 0
    for tick, _, message in sorted(events):
        track += variable_length(tick - now) + message
        now = tick
    track += variable_length(_ticks(RING_OUT_SECONDS)) + b"\xff\x2f\x00"
    header = b"".join(number.to_bytes(2, "big") for number in (0, 1, TICKS_PER_SECOND))
    return b"MThd\x00\x00\x00\x06" + header + b"MTrk" + len(track).to_bytes(4, "big") + track


def _channel_events(part: Part, channel: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield (tick, velocity, message); the program is chosen before the first note."""
    if not part.notes:
        raise ValueError("there is no note to play")
    if not 0 <= part.program <= HIGHEST_MIDI:
        raise ValueError(f"program must be 0..{HIGHEST_MIDI}, not {part.program}")
    if not 0 <= part.volume <= HIGHEST_MIDI:
        raise ValueError(f"volume must be 0..{HIGHEST_MIDI}, not {part.volume}")
    yield 0, -1, bytes((0xC0 | channel, part.program))
    if part.volume != _USUAL_VOLUME:
        yield 0, -1, bytes((0xB0 | channel, _VOLUME_CONTROL, part.volume))
    for tick, velocity, pitch in _key_events(part.notes):
        yield tick, velocity, bytes((0x90 | channel, pitch, velocity))


def _key_events(notes: Sequence[Note]) -> list[tuple[int, int, int]]:
    """Return (tick, velocity, pitch) of every key press; velocity 0 is a release."""
    events = []
    struck_again_seconds: dict[int, float] = {}
    for note in sorted(notes, reverse=True):
        _check(note)
        end_seconds = note.start_seconds + note.seconds
        end_seconds = min(end_seconds, struck_again_seconds.get(note.pitch_midi, end_seconds))
        events.append((_ticks(note.start_seconds), note.velocity, note.pitch_midi))
        events.append((_ticks(end_seconds), 0, note.pitch_midi))
        struck_again_seconds[note.pitch_midi] = note.start_seconds
    return events


def _check(note: Note) -> None:
    if note.start_seconds < 0 or note.seconds < SHORTEST_SECONDS:
        raise ValueError(
            f"a note must start at 0 s or later and last at least {SHORTEST_SECONDS} s: {note}"
        )
    if not (0 <= note.pitch_midi <= HIGHEST_MIDI and 1 <= note.velocity <= HIGHEST_MIDI):
        raise ValueError(f"pitch must be 0..{HIGHEST_MIDI} and velocity 1..{HIGHEST_MIDI}: {note}")


def _ticks(seconds: float) -> int:
    return round(seconds * TICKS_PER_SECOND)


def variable_length(number: int) -> bytes:
    """Return a time difference in base 128, high digits first; all but the last have bit 7 set."""
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(0x80 | number & 0x7F)
    return bytes(reversed(digits))
