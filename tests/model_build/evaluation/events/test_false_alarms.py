import pytest

from daemon.hearing.tracker import EventEnded
from model_build.evaluation.events.false_alarms import alarms_in, poisson_interval
from model_build.evaluation.events.replayed import Replayed
from model_build.windows.home_day import Passage

HUM, FAN = Passage("hum", (), 10.0, 40.0), Passage("fan", (), 50.0, 80.0)


def event(onset: float, ended_at: float) -> EventEnded:
    return EventEnded("bass", onset, ended_at, 0.9, ended_at, 0.9)


def test_counts_each_event_for_the_passage_that_it_overlaps_most() -> None:
    found = alarms_in([Replayed(90.0, [HUM, FAN], [event(12, 20), event(38, 60), event(82, 84)])])
    assert found.events == {"hum": 1, "fan": 2}
    assert found.count == 3
    assert found.minutes == 1.5
    assert found.an_hour == 120.0
    assert found.interval == poisson_interval(3)


def test_held_seconds_count_simultaneous_events_once() -> None:
    first = Replayed(90.0, [HUM, FAN], [event(12, 20), event(15, 30), event(16, 18)])
    second = Replayed(60.0, [HUM], [event(50, 70)])
    assert alarms_in([first, second]).held_seconds == 18.0 + 10.0


def test_sound_without_events_has_no_alarms() -> None:
    found = alarms_in([Replayed(90.0, [HUM, FAN], [])])
    assert found.events == {"hum": 0, "fan": 0}
    assert found.an_hour == found.held_seconds == 0.0


def test_interval_of_a_count_is_garwoods() -> None:
    assert poisson_interval(0) == pytest.approx((0.0, 3.689), abs=1e-3)
    assert poisson_interval(4) == pytest.approx((1.090, 10.242), abs=1e-3)
