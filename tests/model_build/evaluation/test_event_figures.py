import pytest

from daemon.hearing.tracker import EventEnded
from model_build.evaluation.event_figures import event_figures, poisson_interval
from model_build.windows.home_day import Passage

FLUTE = Passage("music", ("flute",), 10.0, 30.0)
HARP = Passage("music", ("guitar", "string"), 100.0, 120.0)
SPEECH = Passage("speech", (), 50.0, 60.0)
PASSAGES = [FLUTE, SPEECH, HARP]


def heard(family: str, onset: float, ended_at: float) -> EventEnded:
    return EventEnded(family, onset, ended_at, 0.9, ended_at, 0.9)


def test_a_perfect_ear() -> None:
    found = event_figures(PASSAGES, [heard("flute", 10, 30), heard("string", 100, 120)], 3600.0)
    assert (found.passages, found.hits, found.right, found.hours) == (2, 1.0, 1.0, 1.0)
    assert (found.onset_error_seconds, found.end_error_seconds) == (0.0, 0.0)
    assert (found.false_events, found.wrong_events) == (0, 0)


def test_a_deaf_ear() -> None:
    found = event_figures(PASSAGES, [], 3600.0)
    assert (found.hits, found.right, found.false_events) == (0.0, 0.0, 0)
    assert found.onset_error_seconds is None


def test_half_a_passage_is_a_hit_and_less_is_none() -> None:
    assert event_figures([FLUTE], [heard("flute", 20, 30)], 60.0).hits == 1.0
    assert event_figures([FLUTE], [heard("flute", 20.1, 30)], 60.0).hits == 0.0
    pieces = [heard("flute", 10, 16), heard("flute", 24, 29), heard("reed", 12, 15)]
    assert event_figures([FLUTE], pieces, 60.0).right == 1.0


def test_another_family_alone_is_a_hit_but_not_right() -> None:
    found = event_figures([FLUTE], [heard("reed", 10, 30)], 60.0)
    assert (found.hits, found.right, found.wrong_events, found.false_events) == (1.0, 0.0, 1, 0)


def test_a_family_that_nobody_plays_must_not_be_heard_as_long() -> None:
    both = [heard("flute", 10, 25), heard("reed", 10, 28)]
    assert event_figures([FLUTE], both, 60.0).right == 0.0
    joined = [FLUTE, Passage("music", ("reed",), 15.0, 40.0)]
    assert event_figures(joined, both, 60.0).right == 1.0


def test_errors_are_of_the_first_onset_and_the_last_end() -> None:
    found = event_figures([FLUTE], [heard("flute", 11.5, 18), heard("flute", 20, 33)], 60.0)
    assert (found.onset_error_seconds, found.end_error_seconds) == (1.5, 3.0)


def test_an_event_without_music_is_false_with_two_seconds_of_tolerance() -> None:
    events = [heard("vocal", 50, 55), heard("flute", 31.9, 35), heard("flute", 32.1, 35)]
    assert event_figures(PASSAGES, events, 3600.0).false_events == 2


def test_the_interval_of_a_count_is_garwoods() -> None:
    assert poisson_interval(0) == pytest.approx((0.0, 3.689), abs=1e-3)
    assert poisson_interval(4) == pytest.approx((1.090, 10.242), abs=1e-3)
