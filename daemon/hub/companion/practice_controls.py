"""The settings of practice that the hub may change: switches and the reference pitch; pure."""

from typing import Any

import msgspec

from daemon.configuration.value_types import (
    HIGHEST_REFERENCE_HZ,
    LOWEST_REFERENCE_HZ,
    ReferenceHz,
)
from daemon.hub.control import Control
from daemon.practice.switches import Switches

_PREFIX = "practice_"
SWITCHES = tuple(
    Control(f"{_PREFIX}{name}", "switch", text, icon)
    for name, text, icon in (
        ("enabled", "Practice companion", "mdi:account-music-outline"),
        ("tuning", "Measure tuning", "mdi:tune-vertical-variant"),
        ("tempo", "Measure tempo", "mdi:metronome"),
        ("key", "Measure key", "mdi:music-clef-treble"),
        ("notes", "Measure notes", "mdi:music-note-outline"),
        ("dynamics", "Measure dynamics", "mdi:volume-medium"),
        ("chords", "Measure chords", "mdi:music-note-plus"),
        ("genre", "Measure genre", "mdi:tag-outline"),
        ("live_notes", "Live notes", "mdi:music-note-eighth"),
    )
)
REFERENCE = Control(
    f"{_PREFIX}reference_hz",
    *("number", "Reference pitch", "mdi:tune", LOWEST_REFERENCE_HZ, HIGHEST_REFERENCE_HZ),
    more=(
        *(("step", 0.1), ("mode", "box"), ("unit_of_measurement", "Hz")),
        ("device_class", "frequency"),
    ),
)


class ChosenSwitches(msgspec.Struct, frozen=True, kw_only=True):
    """Values set by the hub; None means the configuration's value. See `Switches`."""

    enabled: bool | None = None
    """Measure anything."""
    tuning: bool | None = None
    """Measure the tuning."""
    tempo: bool | None = None
    """Find beats and tempo."""
    key: bool | None = None
    """Find the key."""
    notes: bool | None = None
    """Recognize notes."""
    dynamics: bool | None = None
    """Measure dynamics."""
    chords: bool | None = None
    """Recognize chords."""
    genre: bool | None = None
    """Recognize the genre."""
    live_notes: bool | None = None
    """Publish the note that sounds."""
    reference_hz: ReferenceHz | None = None
    """The A4 to which notes refer."""


def effective_switches(configured: Switches, chosen: ChosenSwitches) -> Switches:
    """Return the configuration's switches with the hub's values in their place."""
    values: dict[str, Any] = msgspec.structs.asdict(chosen)
    set_values = {name: value for name, value in values.items() if value is not None}
    return msgspec.structs.replace(configured, **set_values)


def is_switch_on(switches: Switches, leaf: str) -> bool:
    """Return the value of the switch with this topic."""
    return bool(getattr(switches, leaf.removeprefix(_PREFIX)))


def with_switch(chosen: ChosenSwitches, control: Control, *, is_on: bool) -> ChosenSwitches:
    """Return the values with one switch set."""
    change: dict[str, Any] = {control.leaf.removeprefix(_PREFIX): is_on}
    return msgspec.structs.replace(chosen, **change)
