"""Write a melody and its harmony as a MIDI file."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from daemon.practice.harmoniser.files.midi_file import import_mido, with_ticks
from daemon.practice.harmoniser.tune import TuneNote
from daemon.system.files.whole_file import whole_file

_CHANNELS: Final = 16
_DRUM_CHANNEL: Final = 9
_VELOCITY: Final = 64
# Never in the melody's track of a file that holds more than one: they belong to the conductor.
_CONDUCTOR: Final = {"set_tempo", "time_signature", "key_signature"}


class Part(NamedTuple):
    """A voice, or all notes of the chords."""

    name: str
    """Name of the track."""
    program: int
    """Program of General MIDI, 0..127."""
    notes: Sequence[TuneNote]
    """Its notes, in ticks of the melody's file."""
    texts: Sequence[tuple[int, str]] = ()
    """Texts by tick, such as the names of the chords."""


def write_harmony(
    path: Path,
    *,
    ticks_per_quarter: int,
    conductor: Iterable[tuple[int, Any]],
    melody: Any,
    parts: Sequence[Part],
) -> None:
    """Write a file of format 1: the conductor's track, the melody's with all its messages, parts.

    `conductor` has tempos and signatures by tick. Each part gets a channel that the melody does not
    use, as long as there are any. An existing file is replaced as a whole.
    """
    mido = import_mido()
    file = mido.MidiFile(type=1, ticks_per_beat=ticks_per_quarter, charset="latin1")
    file.tracks.append(_track(mido, conductor))
    own = [pair for pair in with_ticks(melody) if pair[1].type not in _CONDUCTOR]
    file.tracks.append(_track(mido, own))
    used = {message.channel for _, message in own if hasattr(message, "channel")}
    free = [c for c in range(_CHANNELS) if c not in used and c != _DRUM_CHANNEL] or [0]
    for index, part in enumerate(parts):
        file.tracks.append(_track(mido, _messages(mido, part, free[index % len(free)])))
    with whole_file(path) as fresh:
        file.save(fresh)


def _track(mido: Any, messages: Iterable[tuple[int, Any]]) -> Any:
    """Return a track of messages with their ticks, sorted by tick."""
    track, now = mido.MidiTrack(), 0
    for tick, message in sorted(messages, key=lambda pair: pair[0]):
        track.append(message.copy(time=tick - now))
        now = tick
    return track


def _messages(mido: Any, part: Part, channel: int) -> list[tuple[int, Any]]:
    found = [
        (0, mido.MetaMessage("track_name", name=part.name)),
        (0, mido.Message("program_change", channel=channel, program=part.program)),
        *((tick, mido.MetaMessage("text", text=text)) for tick, text in part.texts),
    ]
    events = []
    for note in part.notes:
        events.append((note.end, 0, note.midi))
        events.append((note.start, _VELOCITY, note.midi))
    # At the same tick, releases come first.
    for tick, velocity, midi in sorted(events):
        kind = "note_on" if velocity else "note_off"
        message = mido.Message(kind, channel=channel, note=midi, velocity=velocity)
        found.append((tick, message))
    return found
