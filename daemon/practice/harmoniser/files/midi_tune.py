"""The melody of a MIDI file: its notes, beats, bars and key signature."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from daemon.errors import InputError
from daemon.practice.harmoniser.files.midi_file import is_note, with_ticks
from daemon.practice.harmoniser.heard_tune import beats_of_notes
from daemon.practice.harmoniser.keys import Key, key_of_signature
from daemon.practice.harmoniser.tune import Tune, TuneNote

MOST_BEATS: Final = 10_000
"""Longest melody that is harmonised, in beats: more than an hour."""

_SMALLEST_NOTE = 64
_COMPOUND = 3
_MINOR = 1
_SMPTE_29_97 = 29


class _Signature(NamedTuple):
    """A time signature."""

    tick: int
    numerator: int
    denominator: int


class Clock(NamedTuple):
    """The time of a file in ticks."""

    ticks_per_quarter: int
    """Ticks of a quarter note; of a second (or 1.001 s) in a file with SMPTE time."""
    tempo_microseconds: int | None
    """Duration of `ticks_per_quarter` with SMPTE time; None if tempo messages decide."""


def clock_of(file: Any) -> Clock:
    """Return the time of a file; SMPTE time is expressed as a tempo."""
    division = file.ticks_per_beat
    if division > 0:
        return Clock(division, None)
    frames, ticks = -(division >> 8), division & 0xFF
    if frames == _SMPTE_29_97:
        return Clock(30 * max(ticks, 1), 1_001_000)
    return Clock(max(frames, 1) * max(ticks, 1), 1_000_000)


def melody_track(file: Any, number: int | None, path: Path) -> Any:
    """Return the track `number`, counted from 1, or by default the first one with notes.

    Notes on channel 10 are drums. Raises InputError if there is none.
    """
    with_notes = [
        index for index, track in enumerate(file.tracks, 1) if any(is_note(m) for m in track)
    ]
    if not with_notes:
        raise InputError(f"{path}: it has no notes, except perhaps drums; name another file")
    if number is not None and number not in with_notes:
        numbers = ", ".join(map(str, with_notes))
        raise InputError(f"{path}: track {number} has no notes; tracks with notes: {numbers}")
    return file.tracks[(number or with_notes[0]) - 1]


def tune_of(file: Any, track: Any, path: Path) -> Tune:
    """Return the melody of a track of a MIDI file.

    Raises InputError if it has no note of any length, or is longer than `MOST_BEATS`.
    """
    notes = tuple(sorted(_notes(track)))
    if not notes:
        raise InputError(f"{path}: all notes have no length; export it again")
    clock, end = clock_of(file), max(note.end for note in notes)
    if clock.tempo_microseconds is not None:
        ticks_per_second = clock.ticks_per_quarter * 1_000_000 / clock.tempo_microseconds
        beats, bars = beats_of_notes(notes, ticks_per_second)
    else:
        if end > MOST_BEATS * clock.ticks_per_quarter:
            raise InputError(f"{path}: longer than {MOST_BEATS} beats; cut it")
        beats, bars = _beats(
            _signatures(conductor(file, track)), clock.ticks_per_quarter, end, path
        )
    return Tune(notes, beats, bars, _hint(conductor(file, track)))


def conductor(file: Any, track: Any) -> list[tuple[int, Any]]:
    """Return the tempos, time and key signatures that are valid for a track, by tick.

    They may be on any track, except in a file of independent tracks (format 2).
    """
    tracks: Iterable[Any] = [track] if file.type == 2 else file.tracks  # noqa: PLR2004
    kinds = {"set_tempo", "time_signature", "key_signature"}
    found = [pair for each in tracks for pair in with_ticks(each) if pair[1].type in kinds]
    return sorted(found, key=lambda pair: pair[0])


def _notes(track: Any) -> Iterable[TuneNote]:
    """Yield the notes of a track.

    A hanging note ends when its key is struck again, or at the end of the track.
    """
    held: dict[tuple[int, int], int] = {}
    tick = 0
    for tick, message in with_ticks(track):
        if not is_note(message):
            continue
        key = message.channel, message.note
        start = held.pop(key, None)
        if start is not None and tick > start:
            yield TuneNote(start, tick, message.note)
        if message.type == "note_on" and message.velocity:
            held[key] = tick
    for (_, note), start in held.items():
        if tick > start:
            yield TuneNote(start, tick, note)


def _signatures(messages: list[tuple[int, Any]]) -> list[_Signature]:
    """Return the possible time signatures, one a tick; 4/4 until the first."""
    found = {0: _Signature(0, 4, 4)}
    for tick, message in messages:
        if message.type != "time_signature":
            continue
        if message.numerator and message.denominator <= _SMALLEST_NOTE:
            found[tick] = _Signature(tick, message.numerator, message.denominator)
    return list(found.values())


def _beats(
    signatures: list[_Signature], ticks_per_quarter: int, end: int, path: Path
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the edges of beats and the indices of bars up to the tick `end`."""
    edges: list[int] = []
    bars: list[int] = []
    limits = [signature.tick for signature in signatures[1:]] + [end]
    for signature, limit in zip(signatures, limits, strict=True):
        whole = 4 * ticks_per_quarter
        bar = max(1, whole * signature.numerator // signature.denominator)
        beat = max(1, _beat_ticks(signature, ticks_per_quarter))
        start = signature.tick
        while start < min(limit, end):
            bars.append(len(edges))
            edges += range(start, min(start + bar, max(limit, start + 1)), beat)
            if len(edges) > 2 * MOST_BEATS:
                raise InputError(f"{path}: longer than {MOST_BEATS} beats; cut it")
            start += bar
    while edges[-1] >= end:
        edges.pop()
    last = _beat_ticks(signatures[-1], ticks_per_quarter)
    return (*edges, max(end, edges[-1] + last)), tuple(b for b in bars if b < len(edges))


def _beat_ticks(signature: _Signature, ticks_per_quarter: int) -> int:
    """Return the ticks of the felt beat: a dotted quarter in 6/8, else a quarter."""
    compound = signature.denominator >= 8 and signature.numerator % _COMPOUND == 0  # noqa: PLR2004
    if compound:
        return 4 * ticks_per_quarter * _COMPOUND // signature.denominator
    return ticks_per_quarter


def _hint(messages: list[tuple[int, Any]]) -> Key | None:
    """Return the key of the first key signature that is possible."""
    for _, message in messages:
        if message.type == "key_signature" and message.mode <= _MINOR:
            key = key_of_signature(message.fifths, minor=message.mode == _MINOR)
            if key is not None:
                return key
    return None
