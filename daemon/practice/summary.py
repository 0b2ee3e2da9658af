"""What one session amounts to: shared by its topics, the diary and the history."""

from typing import Annotated

import msgspec
from msgspec import Meta

LATEST_SECONDS = 7_258_118_400
"""The latest wall time, the year 2200; a damaged file can hold any number."""
WallTime = Annotated[float, Meta(ge=0, le=LATEST_SECONDS)]
"""Seconds since 1970."""
_Number = Annotated[float, Meta(ge=-1e9, le=1e9)]
_Name = Annotated[str, Meta(max_length=100)]
Minutes = Annotated[float, Meta(ge=0, le=1e9)]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """How the music of a session was played; None is unknown."""

    notes: Annotated[int, Meta(ge=0, le=1_000_000_000)] | None = None
    """Number of notes played."""
    range: tuple[_Name, _Name] | None = None
    """The lowest and the highest note, in scientific pitch notation."""
    a4_hz: _Number | None = None
    """The A4 that the playing amounts to, in hertz."""
    in_tune: _Number | None = None
    """Share of the time of sustained notes that is in tune with `a4_hz`, 0..1."""
    median_cents: _Number | None = None
    """Median deviation of the notes from the reference, in cents."""
    tuning_drift_cents: _Number | None = None
    """Median cents of the last third of the session minus that of the first."""
    tempo_range: tuple[_Number, _Number] | None = None
    """The slowest and the fastest tempo, in beats per minute."""
    tempo_stability: _Number | None = None
    """Standard deviation of the tempo divided by its mean."""
    keys: dict[_Name, Minutes] | None = None
    """Minutes in each key."""
    dynamic_range_db: _Number | None = None
    """From the softest to the loudest playing, in dB."""
    legato: _Number | None = None
    """Share of notes that begin within 50 ms of the end of the note before, 0..1."""
    longest_passage_seconds: _Number | None = None
    """The longest passage without a pause of more than 2 s."""


class Summary(Figures, frozen=True, kw_only=True):
    """One session that ended."""

    started: WallTime
    """Wall time of the first onset."""
    ended: WallTime
    """Wall time of the last sound."""
    minutes: dict[_Name, Minutes | None]
    """Minutes of each family, in the order in which they joined.

    None is unknown: version 0.1 did not count them.
    """
