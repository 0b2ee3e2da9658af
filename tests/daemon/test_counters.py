"""Which counters are news."""

from dataclasses import replace
from typing import Any

import pytest

from daemon.counters import Counters

TOLD = Counters(windows=100, lost_seconds=3.0, queued=1, inference_ms=2.0)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"windows": 5_000},
        {"lost_seconds": 3.9},
        {"inference_ms": 2.9},
        {"inference_ms": 1.2},
        {"windows": 101, "lost_seconds": 3.5, "inference_ms": 2.1},
    ],
)
def test_that_time_went_by_is_no_news(changes: dict[str, Any]) -> None:
    assert not replace(TOLD, **changes).tells_more_than(TOLD)


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
        {"inference_ms": 0.9},
    ],
)
def test_what_happened_is_news(changes: dict[str, Any]) -> None:
    assert replace(TOLD, **changes).tells_more_than(TOLD)


def test_counters_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        TOLD.windows = 1  # type: ignore[misc]
