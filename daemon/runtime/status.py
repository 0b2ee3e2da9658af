"""The line with the state of all places that `systemctl status` shows."""

from collections.abc import Sequence
from typing import Protocol

from daemon.counters import Counters
from daemon.place_state import PlaceState
from daemon.runtime.place import PlaceStatus

_MINUTE_SECONDS = 60
_HOUR_SECONDS = 3600
_DAY_SECONDS = 86_400


class Shown(Protocol):
    """A place, or anything else with its name, status and counters."""

    name: str
    """The place's name."""
    status: PlaceStatus
    """The current status of the place."""
    counters: Counters
    """The place's counters."""


def status_line(places: Sequence[Shown], now: float, broker: str) -> str:
    """Return a line with the state of all places at `now`, by time.monotonic().

    `broker` is the connection's state in words. Names are included if there are several places.
    """
    if len(places) == 1:
        parts = [_of(places[0], now)]
    else:
        parts = [f"{place.name} {_of(place, now)}" for place in places]
    return "; ".join([*parts, f"broker {broker}"])


def _of(place: Shown, now: float) -> str:
    status = place.status
    parts = [f"deaf: {status.reason}" if status.state is PlaceState.DEAF else status.state]
    if status.playing:
        parts.append(f"playing: {' and '.join(status.playing)}")
    elif status.last is not None:
        parts.append(f"last: {status.last} {_ago(now - status.last_at)} ago")
    lost_seconds = place.counters.lost_seconds
    parts.append("0 lost" if lost_seconds < 1 else f"{_for(lost_seconds)} lost")
    return ", ".join(parts)


def _ago(seconds: float) -> str:
    return "less than 1 min" if seconds < _MINUTE_SECONDS else _for(seconds)


def _for(seconds: float) -> str:
    for unit_seconds, unit in ((_DAY_SECONDS, "d"), (_HOUR_SECONDS, "h"), (_MINUTE_SECONDS, "min")):
        if seconds >= unit_seconds:
            return f"{seconds / unit_seconds:.0f} {unit}"
    return f"{seconds:.0f} s"
