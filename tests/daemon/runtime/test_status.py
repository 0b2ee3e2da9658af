"""The status line that `systemctl status` shows."""

from dataclasses import dataclass

import pytest

from daemon.counters import Counters
from daemon.place_state import PlaceState
from daemon.runtime.place import PlaceStatus
from daemon.runtime.status import status_line

NOW = 100_000.0


@dataclass
class Still:
    """A place that does not change."""

    name: str
    status: PlaceStatus
    counters: Counters


@pytest.mark.parametrize(
    ("status", "lost_seconds", "expected"),
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
def test_single_place_is_not_named(status: PlaceStatus, lost_seconds: float, expected: str) -> None:
    place = Still("room", status, Counters(lost_seconds=lost_seconds))
    assert status_line([place], NOW, "connected") == f"{expected}; broker connected"


def test_names_several_places() -> None:
    statuses = {
        "kitchen": PlaceStatus(PlaceState.HEARING),
        "hall": PlaceStatus(PlaceState.DEAF, "unplugged"),
    }
    places = [Still(name, status, Counters()) for name, status in statuses.items()]
    assert status_line(places, NOW, "not connected: no broker answers") == (
        "kitchen hearing, 0 lost; hall deaf: unplugged, 0 lost; "
        "broker not connected: no broker answers"
    )
