"""The running sums of a session, which outlive a restart, and the figures that they amount to."""

import math
from collections.abc import Sequence
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta

from daemon.practice.articulation import Articulation
from daemon.practice.dynamics import LevelCounts
from daemon.practice.spelling import note_name
from daemon.practice.summary import Figures, WallTime
from daemon.practice.switches import Switches
from daemon.practice.tuning import (
    SUSTAINED_SECONDS,
    TunedNote,
    in_tune_share,
    median_cents,
    tuning_drift_cents,
)

# Of a longer session, every second sustained note and reading is kept, then every fourth ...
_MOST_KEPT = 1_000


_Pitch = Annotated[float, Meta(ge=0, le=140)]
_Seconds = Annotated[float, Meta(ge=0, le=1e9)]
_Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
_Value = Annotated[float, Meta(ge=-1e6, le=1e6)]


class HeldNote(msgspec.Struct, frozen=True, array_like=True):
    """A sustained note."""

    at: _Seconds
    """When it began, in seconds of playing."""
    seconds: _Seconds
    """How long it sounded."""
    pitch: _Pitch
    """MIDI number with a fraction, at A4 = 440 Hz."""


class Reading(msgspec.Struct, frozen=True, array_like=True):
    """The figures of the last 30 s at one moment; None is unknown."""

    seconds: _Seconds
    """Playing since the reading before."""
    a4_hz: _Value | None
    """The A4 of the playing."""
    tempo_bpm: _Value | None
    """The tempo."""
    stability: _Value | None
    """Standard deviation of the tempo divided by its mean."""
    key: Annotated[str, Meta(max_length=100)] | None
    """The key."""


class Tally(msgspec.Struct):
    """What a session has amounted to so far; its size is bounded."""

    started: WallTime = 0.0
    """The start of the session that it belongs to."""
    seconds: _Seconds = 0.0
    """Playing that was heard."""
    notes: _Count | None = None
    """Number of notes; None if none could be recognized."""
    lowest: _Pitch | None = None
    """The lowest note, as a MIDI number at A4 = 440 Hz."""
    highest: _Pitch | None = None
    """The highest note."""
    articulation: Articulation = msgspec.field(default_factory=Articulation)
    """How the notes follow each other."""
    held: Annotated[list[HeldNote], Meta(max_length=_MOST_KEPT)] = []
    """Sustained notes."""
    held_stride: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    """Every how many sustained notes one is kept."""
    readings: Annotated[list[Reading], Meta(max_length=_MOST_KEPT)] = []
    """Readings, in order."""
    first_bpm: _Value | None = None
    """The tempo of the first 30 s."""
    levels: LevelCounts = msgspec.field(default_factory=LevelCounts)
    """The levels of the music."""

    def __post_init__(self) -> None:
        if len(self.levels.counts) != len(LevelCounts().counts):
            raise ValueError("levels have another range")

    def copy(self) -> "Tally":
        """Return a copy that later sounds do not change."""
        return msgspec.structs.replace(
            self,
            held=list(self.held),
            readings=list(self.readings),
            levels=LevelCounts(list(self.levels.counts)),
            articulation=msgspec.structs.replace(self.articulation),
        )


class Tallying:
    """Adds what is heard to a tally; times of notes are seconds of one uninterrupted sound."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self._sustained = 0

    def interrupt(self) -> None:
        """Begin other sound: the next note neither continues a passage nor is legato."""
        self.tally.articulation.chord_onset_seconds = None

    def add_notes(self, notes: Sequence[TunedNote], reference_hz: float) -> None:
        """Add complete notes (by their onset), whose keys and cents refer to `reference_hz`."""
        tally = self.tally
        tally.notes = (tally.notes or 0) + len(notes)
        shift = 12.0 * math.log2(reference_hz / 440.0)
        for note in notes:
            pitch = note.midi + note.cents / 100.0 + shift
            tally.lowest = pitch if tally.lowest is None else min(tally.lowest, pitch)
            tally.highest = pitch if tally.highest is None else max(tally.highest, pitch)
            tally.articulation.add(note.onset, note.offset)
            if note.offset - note.onset >= SUSTAINED_SECONDS:
                self._keep(HeldNote(tally.seconds, note.offset - note.onset, pitch))

    def add_reading(self, reading: Reading) -> None:
        """Add the figures of the last 30 s."""
        tally = self.tally
        tally.readings.append(reading)
        if len(tally.readings) > _MOST_KEPT:
            pairs = zip(tally.readings[::2], tally.readings[1::2], strict=False)
            tally.readings = [
                msgspec.structs.replace(b, seconds=a.seconds + b.seconds) for a, b in pairs
            ]

    def _keep(self, held: HeldNote) -> None:
        tally = self.tally
        self._sustained += 1
        if self._sustained % tally.held_stride:
            return
        tally.held.append(held)
        if len(tally.held) > _MOST_KEPT:
            tally.held = tally.held[::2]
            tally.held_stride *= 2


class _Tuned(NamedTuple):
    onset: float
    offset: float
    midi: int
    cents: float


def figures_of(tally: Tally, reference_hz: float) -> Figures:
    """Return the figures of a session; notes and cents refer to `reference_hz`."""
    readings = tally.readings
    a4s = [reading.a4_hz for reading in readings if reading.a4_hz is not None]
    tempi = [reading.tempo_bpm for reading in readings if reading.tempo_bpm is not None]
    steadiness = [reading.stability for reading in readings if reading.stability is not None]
    a4_hz = float(np.median(a4s)) if a4s else None
    keys = _minutes_by_key(readings)
    shift = 12.0 * math.log2(reference_hz / 440.0)
    held = [_tuned(note, shift) for note in tally.held]
    return Figures(
        notes=tally.notes,
        range=_range(tally, shift, max(keys, key=keys.__getitem__) if keys else None),
        a4_hz=_rounded(a4_hz, 1),
        in_tune=_rounded(in_tune_share(held, a4_hz, reference_hz=reference_hz), 2),
        median_cents=_rounded(median_cents(held), 1),
        tuning_drift_cents=_rounded(tuning_drift_cents(held), 1),
        tempo_range=(round(min(tempi), 1), round(max(tempi), 1)) if tempi else None,
        tempo_stability=_rounded(float(np.median(steadiness)) if steadiness else None, 3),
        keys={key: round(minutes, 1) for key, minutes in keys.items()} or None,
        dynamic_range_db=_rounded(tally.levels.range_db(), 1),
        legato=_rounded(tally.articulation.legato, 2),
        longest_passage_seconds=round(tally.articulation.longest_seconds, 1)
        if tally.notes
        else None,
    )


def wanted(figures: Figures, switches: Switches) -> Figures:
    """Return the figures without those that are switched off."""
    if not switches.notes:
        figures = msgspec.structs.replace(
            figures, notes=None, range=None, legato=None, longest_passage_seconds=None
        )
    if not switches.tuning:
        figures = msgspec.structs.replace(
            figures, in_tune=None, median_cents=None, tuning_drift_cents=None
        )
    return figures


def _minutes_by_key(readings: Sequence[Reading]) -> dict[str, float]:
    minutes: dict[str, float] = {}
    for reading in readings:
        if reading.key is not None:
            minutes[reading.key] = minutes.get(reading.key, 0.0) + reading.seconds / 60.0
    return minutes


def _range(tally: Tally, shift: float, key: str | None) -> tuple[str, str] | None:
    if tally.lowest is None or tally.highest is None:
        return None
    low, high = (note_name(round(pitch - shift), key) for pitch in (tally.lowest, tally.highest))
    return low, high


def _tuned(note: HeldNote, shift: float) -> _Tuned:
    pitch = note.pitch - shift
    midi = round(pitch)
    return _Tuned(note.at, note.at + note.seconds, midi, 100.0 * (pitch - midi))


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
