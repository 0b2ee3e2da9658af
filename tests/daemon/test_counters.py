"""Which differences of counters are worth publishing."""

from typing import Any

import pytest
from msgspec.structs import replace

from daemon.counters import Counters

PUBLISHED = Counters(windows=100, lost_seconds=3.0, queued=1, inference_ms=2.0)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"windows": 5_000},
        {"lost_seconds": 3.9},
        {"inference_ms": 2.9},
        {"practice_ms": 0.9},
        {"inference_ms": 1.2},
        {"windows": 101, "lost_seconds": 3.5, "inference_ms": 2.1},
    ],
)
def test_small_changes_do_not_differ_notably(changes: dict[str, Any]) -> None:
    assert not replace(PUBLISHED, **changes).differs_notably(PUBLISHED)


@pytest.mark.parametrize(
    "changes",
    [
        {"lost_seconds": 4.0},
        {"late_windows": 1},
        {"overflows": 1},
        {"reopens": 1},
        {"reconnects": 1},
        {"queued": 0},
        {"dropped": 1},
        {"refused": 1},
        {"inference_ms": 3.2},
        {"practice_ms": 1.1},
        {"inference_ms": 0.9},
    ],
)
def test_events_and_large_changes_differ_notably(changes: dict[str, Any]) -> None:
    assert replace(PUBLISHED, **changes).differs_notably(PUBLISHED)


def test_counters_are_immutable() -> None:
    with pytest.raises(AttributeError):
        PUBLISHED.windows = 1  # type: ignore[misc]
