"""Typed settings of practice: sessions, goal, and what is measured of the music."""

from typing import Annotated

import msgspec
from msgspec import Meta

from daemon.configuration.value_types import ReferenceHz, WeekMinutes


class PracticeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The rules for sessions of playing, the goal of a week, and what is measured of the music."""

    gap_seconds: Annotated[float, Meta(ge=10, le=86_400)] = 300.0
    """Time without music after which a session ends, 10 to 86400 seconds."""
    least_seconds: Annotated[float, Meta(ge=0, le=86_400)] = 60.0
    """Music that a session needs to be counted, 0 to 86400 seconds."""
    goal: WeekMinutes = 0
    """Minutes of practice to reach each week, 0 to 10080. 0 means no goal."""
    enabled: bool = True
    """True to measure how the music is played, as the settings below say."""
    tuning: bool = True
    """True to measure the tuning; this also recognizes notes."""
    tempo: bool = True
    """True to find beats and tempo."""
    key: bool = True
    """True to find the key."""
    notes: bool = True
    """True to recognize notes."""
    dynamics: bool = True
    """True to measure dynamics."""
    chords: bool = False
    """True to recognize chords."""
    genre: bool = False
    """True to recognize the genre."""
    live_notes: bool = False
    """True to publish the note that sounds, with every window."""
    reference_hz: ReferenceHz = 440.0
    """The A4 to which the names and cents of notes refer, 380 to 500 Hz."""
