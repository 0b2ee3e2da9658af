"""The time zone can change while the process runs."""

import time
from collections.abc import Iterator

import pytest

from daemon.configuration.settings import Settings
from daemon.hub.messages import iso_time
from daemon.practice.sessions import Sessions
from daemon.runtime.reload import Reload
from daemon.system import time_zone
from daemon.system.time_zone import TimeZone

MOMENT = 1_717_266_600.0  # 2024-06-01 18:30:00 UTC
BERLIN, TOKYO = "CET-1CEST,M3.5.0,M10.5.0/3", "JST-9"


@pytest.fixture(autouse=True)
def _zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", BERLIN)
        time.tzset()
        yield
    time.tzset()


def test_reads_a_changed_zone_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    zone = TimeZone()
    monkeypatch.setenv("TZ", TOKYO)
    zone()
    assert iso_time(MOMENT) == "2024-06-01T20:30:00.000+02:00"
    monkeypatch.setattr(time_zone, "_PAUSE_SECONDS", 0.0)
    zone()
    assert iso_time(MOMENT) == "2024-06-02T03:30:00.000+09:00"


def test_reads_a_changed_zone_at_a_reload(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", TOKYO)
    reload = Reload(None, Settings(), lambda _: None)
    reload()
    assert iso_time(MOMENT) == "2024-06-01T20:30:00.000+02:00"
    reload.request()
    reload()
    assert iso_time(MOMENT) == "2024-06-02T03:30:00.000+09:00"


def test_day_changes_at_midnight_of_the_new_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    practice = Sessions(settle_seconds=10, gap_seconds=60, least_seconds=1)
    practice.begin(MOMENT)
    assert practice.diary.day == "2024-06-01"
    monkeypatch.setenv("TZ", TOKYO)
    time.tzset()
    practice.update(1.0, MOMENT + 1.0, [])
    assert practice.diary.day == "2024-06-02"
