import pytest

from daemon.hearing.tracker import EventEnded, EventStarted
from model_build.evaluation.events.event_figures import event_figures, pooled_figures
from model_build.evaluation.events.replayed import Replayed
from model_build.windows.home_day import Passage

FLUTE = Passage("music", ("flute",), 10.0, 30.0)
HARP = Passage("music", ("guitar", "string"), 100.0, 120.0)
SPEECH = Passage("speech", (), 50.0, 60.0)
PASSAGES = [FLUTE, SPEECH, HARP]


def event(family: str, onset: float, ended_at: float) -> EventEnded:
    return EventEnded(family, onset, ended_at, 0.9, ended_at, 0.9)


def test_exact_events_give_perfect_figures() -> None:
    found = event_figures(PASSAGES, [event("flute", 10, 30), event("string", 100, 120)], 3600.0)
    assert (found.passages, found.hits, found.right, found.hours) == (2, 1.0, 1.0, 1.0)
    assert (found.onset_error_seconds, found.end_error_seconds) == (0.0, 0.0)
    assert (found.false_events, found.wrong_events) == (0, 0)


def test_no_events_give_no_hits() -> None:
    found = event_figures(PASSAGES, [], 3600.0)
    assert (found.hits, found.right, found.false_events) == (0.0, 0.0, 0)
    assert found.onset_error_seconds is None


def test_hit_covers_at_least_half_of_a_passage() -> None:
    assert event_figures([FLUTE], [event("flute", 20, 30)], 60.0).hits == 1.0
    assert event_figures([FLUTE], [event("flute", 20.1, 30)], 60.0).hits == 0.0
    pieces = [event("flute", 10, 16), event("flute", 24, 29), event("reed", 12, 15)]
    assert event_figures([FLUTE], pieces, 60.0).right == 1.0


def test_event_of_another_family_is_a_hit_but_not_right() -> None:
    found = event_figures([FLUTE], [event("reed", 10, 30)], 60.0)
    assert (found.hits, found.right, found.wrong_events, found.false_events) == (1.0, 0.0, 1, 0)


def test_longer_event_of_a_family_not_played_is_not_right() -> None:
    both = [event("flute", 10, 25), event("reed", 10, 28)]
    assert event_figures([FLUTE], both, 60.0).right == 0.0
    joined = [FLUTE, Passage("music", ("reed",), 15.0, 40.0)]
    assert event_figures(joined, both, 60.0).right == 1.0


def test_errors_are_those_of_first_onset_and_last_end() -> None:
    found = event_figures([FLUTE], [event("flute", 11.5, 18), event("flute", 20, 33)], 60.0)
    assert (found.onset_error_seconds, found.end_error_seconds) == (1.5, 3.0)


def test_event_more_than_two_seconds_from_music_is_false() -> None:
    events = [event("vocal", 50, 55), event("flute", 31.9, 35), event("flute", 32.1, 35)]
    assert event_figures(PASSAGES, events, 3600.0).false_events == 2


def test_days_are_pooled() -> None:
    first = Replayed(60.0, [FLUTE], [event("flute", 10, 30)], [EventStarted("flute", 10, 12, 0.9)])
    false = [event("reed", 102, 119), event("vocal", 20, 25)]
    second = Replayed(120.0, [SPEECH, HARP], false, [EventStarted("reed", 102, 105, 0.9)])
    found = pooled_figures([first, second])
    assert (found.days, found.passages, found.hits, found.right) == (2, 2, 1.0, 0.5)
    assert (found.false_events, found.wrong_events) == (1, 1)
    assert found.hours == pytest.approx(0.05)
    assert (found.messages, found.message_seconds, found.slow_message_seconds) == (1, 2.0, 2.0)


def test_events_of_one_day_do_not_count_on_another() -> None:
    found = pooled_figures(
        [Replayed(60.0, [FLUTE], []), Replayed(60.0, [], [event("flute", 10, 30)])]
    )
    assert (found.hits, found.false_events) == (0.0, 1)
