"""What `systemctl status` shows, as a person reads it."""

from dataclasses import dataclass

import pytest

from daemon.counters import Counters
from daemon.place_state import PlaceState
from daemon.runtime.place import PlaceStatus
from daemon.runtime.status import status_line

NOW = 100_000.0


@dataclass
class Still:
    """A place that stands still."""

    name: str
    status: PlaceStatus
    counters: Counters


@pytest.mark.parametrize(
    ("doing", "lost_seconds", "expected"),
    [
        (PlaceStatus(PlaceState.STARTING), 0.0, "starting, 0 lost"),
        (PlaceStatus(PlaceState.HEARING), 0.4, "hearing, 0 lost"),
        (PlaceStatus(PlaceState.HEARING, last="guitar", last_at=NOW - 180), 0.0,
         "hearing, last: guitar 3 min ago, 0 lost"),
        (PlaceStatus(PlaceState.HEARING, last="guitar", last_at=NOW - 20), 12.0,
         "hearing, last: guitar less than 1 min ago, 12 s lost"),
        (PlaceStatus(PlaceState.HEARING, last="drums", last_at=NOW - 7200), 90_000.0,
         "hearing, last: drums 2 h ago, 1 d lost"),
        (PlaceStatus(PlaceState.HEARING, playing=["drums", "bass"], last="flute"), 0.0,
         "hearing, playing: drums and bass, 0 lost"),
        (PlaceStatus(PlaceState.DEAF, "the device is gone", last="flute", last_at=NOW - 60), 61.0,
         "deaf: the device is gone, last: flute 1 min ago, 1 min lost"),
        (PlaceStatus(PlaceState.MUTED), 0.0, "muted, 0 lost"),
    ],
)  # fmt: skip
def test_one_place_speaks_for_itself(
    doing: PlaceStatus, lost_seconds: float, expected: str
) -> None:
    place = Still("room", doing, Counters(lost_seconds=lost_seconds))
    assert status_line([place], NOW, "connected") == f"{expected}; broker connected"


def test_several_places_are_named() -> None:
    doings = {
        "kitchen": PlaceStatus(PlaceState.HEARING),
        "hall": PlaceStatus(PlaceState.DEAF, "unplugged"),
    }
    places = [Still(name, doing, Counters()) for name, doing in doings.items()]
    assert status_line(places, NOW, "not connected: no broker answers") == (
        "kitchen hearing, 0 lost; hall deaf: unplugged, 0 lost; "
        "broker not connected: no broker answers"
    )
