"""Exact events of scripted scores: votes, hysteresis, back-dating, cooldown, invalid settings."""

import pickle
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from daemon.configuration.settings import FamilySettings, TrackerSettings
from daemon.errors import InputError
from daemon.hearing.rules import Rules, rules
from daemon.hearing.tracker import Event, EventEnded, EventStarted, Tracker
from daemon.hub.controls import Chosen, Configured, Controls
from daemon.hub.messages import Node

FAMILIES = ("flute", "guitar", "organ")
THRESHOLDS = (0.5, 0.5, 0.5)
HIGH, LOW = 0.875, 0.125

QUICK = {"hysteresis": 0.25, "votes": 2, "vote_seconds": 5.0, "stop_after_seconds": 4.0}


def tracker_of(hop_seconds: float = 1.0, **settings: Any) -> Tracker:
    """A tracker of three families with thresholds of 0.5 and short times."""
    checked = msgspec.convert(QUICK | settings, TrackerSettings)
    return Tracker(FAMILIES, rules(checked, FAMILIES, THRESHOLDS, hop_seconds), hop_seconds)


def track_flute(
    scores: Sequence[float], hop_seconds: float = 1.0, **settings: Any
) -> tuple[Tracker, list[Event]]:
    """Track one flute score per window from 4 s on; the other families are silent."""
    tracker = tracker_of(hop_seconds, **settings)
    events: list[Event] = []
    for number, score in enumerate(scores):
        row = np.array([score, 0.0, 0.0], np.float32)
        events += tracker.update(4.0 + number * hop_seconds, row)
    return tracker, events


def flute_events(scores: Sequence[float], hop_seconds: float = 1.0, **settings: Any) -> list[Event]:
    return track_flute(scores, hop_seconds, **settings)[1]


def test_run_of_detections_becomes_one_event_with_back_dated_onset_and_end() -> None:
    assert flute_events([LOW, LOW, HIGH, 0.75, 0.625, LOW, LOW, LOW, LOW, LOW]) == [
        # The window of the first detection ended at 6 s; the onset is half a window and half a hop
        # earlier. The window of the last detection ended at 8 s; the end is half a window earlier
        # and half a hop later.
        EventStarted("flute", onset=3.5, at=7.0, score=0.75),
        EventEnded("flute", onset=3.5, at=12.0, score=LOW, ended_at=6.5, peak=HIGH),
    ]


def test_event_lasts_as_long_as_its_sound() -> None:
    _, ended = flute_events([LOW, *[HIGH] * 60, *[LOW] * 5])
    assert isinstance(ended, EventEnded)
    assert ended.duration_seconds == 60.0


@pytest.mark.parametrize("votes", [1, 2, 3, 4, 5])
def test_event_starts_with_the_last_required_vote(votes: int) -> None:
    (started,) = flute_events([LOW, *[HIGH] * 8], votes=votes)
    assert started == EventStarted("flute", onset=2.5, at=4.0 + votes, score=HIGH)


def test_too_few_votes_start_no_event() -> None:
    assert flute_events([HIGH, HIGH, LOW, LOW, LOW, LOW], votes=3) == []


def test_votes_need_not_be_consecutive() -> None:
    (started,) = flute_events([LOW, HIGH, LOW, LOW, HIGH], votes=2, vote_seconds=4.0)
    assert started == EventStarted("flute", onset=2.5, at=8.0, score=HIGH)


def test_votes_further_apart_than_vote_seconds_start_no_event() -> None:
    assert flute_events([LOW, HIGH, LOW, LOW, HIGH], votes=2, vote_seconds=3.0) == []


def test_unconfirmed_run_does_not_count_for_the_next_one() -> None:
    # One detection, stop_after_seconds of silence, then a run with its own onset.
    (started,) = flute_events([LOW, HIGH, LOW, LOW, LOW, HIGH, HIGH], stop_after_seconds=3.0)
    assert started == EventStarted("flute", onset=6.5, at=10.0, score=HIGH)


def test_score_at_the_threshold_is_a_detection_and_below_is_not() -> None:
    assert len(flute_events([0.5], votes=1)) == 1
    assert flute_events([np.nextafter(np.float32(0.5), np.float32(0))], votes=1) == []


def test_open_event_continues_above_the_release_score() -> None:
    scores = [LOW, HIGH, HIGH, *[0.375] * 9]
    assert len(flute_events(scores, hysteresis=0.25)) == 1
    _, ended = flute_events(scores, hysteresis=0.125)
    assert isinstance(ended, EventEnded)
    assert ended.ended_at == 4.5


def test_score_between_release_and_threshold_starts_no_event() -> None:
    assert flute_events([0.4375] * 20, hysteresis=0.25) == []


def test_silence_shorter_than_stop_after_seconds_does_not_end_an_event() -> None:
    scores = [HIGH, HIGH, LOW, LOW, LOW, HIGH, LOW, LOW, LOW, LOW]
    _, ended = flute_events(scores, stop_after_seconds=4.0)
    assert ended == EventEnded("flute", 0.0, at=13.0, score=LOW, ended_at=7.5, peak=HIGH)


def test_event_ends_after_stop_after_seconds() -> None:
    for stop_after_seconds, at in ((1.0, 6.0), (2.0, 7.0), (2.5, 8.0), (6.0, 11.0)):
        _, ended = flute_events([HIGH, HIGH, *[LOW] * 8], stop_after_seconds=stop_after_seconds)
        assert ended.at == at
        assert isinstance(ended, EventEnded)
        assert ended.ended_at == 3.5


def test_event_starts_after_start_after_seconds_with_its_original_onset() -> None:
    (started,) = flute_events([LOW, *[HIGH] * 12], start_after_seconds=10.0)
    assert started == EventStarted("flute", onset=2.5, at=13.0, score=HIGH)


def test_sound_shorter_than_start_after_seconds_is_no_event() -> None:
    assert flute_events([LOW, *[HIGH] * 5, *[LOW] * 10], start_after_seconds=10.0) == []


def test_silence_does_not_count_towards_start_after_seconds() -> None:
    # Six seconds of sound; the rest of the required ten passes in silence.
    settings = {"start_after_seconds": 10.0, "stop_after_seconds": 20.0, "vote_seconds": 30.0}
    assert flute_events([LOW, *[HIGH] * 5, *[LOW] * 10], **settings) == []


def test_onset_in_the_first_window_is_its_start() -> None:
    (started,) = flute_events([HIGH, HIGH])
    assert started.onset == 0.0


@pytest.mark.parametrize(
    ("hop_seconds", "onset"), [(0.25, 2.125), (0.5, 2.25), (1.0, 2.5), (2.0, 3.0), (4.0, 4.0)]
)
def test_onset_is_back_dated_by_half_a_window_and_half_a_hop(
    hop_seconds: float, onset: float
) -> None:
    (started,) = flute_events([LOW, HIGH], hop_seconds, votes=1)
    assert started.onset == onset


def test_next_onset_is_not_before_the_end_of_the_cooldown() -> None:
    once = [HIGH, LOW, LOW]
    settings = {"votes": 1, "stop_after_seconds": 1.0}
    first, end, second, end_again = flute_events([*once, *once], **settings)
    assert (first.at, end.at, second.at, end_again.at) == (4.0, 5.0, 7.0, 8.0)
    assert second.onset == 4.5
    assert isinstance(end, EventEnded)
    assert end.ended_at == 2.5
    # With a cooldown of 5 s the next onset is 7.5 s at the earliest; a detection at 7 s is too
    # early.
    assert len(flute_events([*once, *once], **settings, cooldown_seconds=5.0)) == 2
    _, _, late, _ = flute_events([*once, *[HIGH] * 5, LOW], **settings, cooldown_seconds=5.0)
    # The event starts once its sound has certainly outlasted the cooldown.
    assert late == EventStarted("flute", onset=7.5, at=10.0, score=HIGH)


def test_sound_that_ends_within_the_cooldown_is_no_event() -> None:
    scores = [HIGH, LOW, HIGH, HIGH, LOW, LOW, LOW, LOW, LOW, LOW]
    events = flute_events(scores, votes=1, stop_after_seconds=1.0, cooldown_seconds=60.0)
    assert [type(event) for event in events] == [EventStarted, EventEnded]


def test_families_are_tracked_independently() -> None:
    tracker = tracker_of(votes=1, stop_after_seconds=2.0)
    rows = [(HIGH, LOW, 0.75), (LOW, HIGH, 0.75), (LOW, HIGH, 0.75), (LOW, LOW, 0.75)]
    events = [
        tracker.update(4.0 + number, np.array(row, np.float32)) for number, row in enumerate(rows)
    ]
    assert events == [
        [EventStarted("flute", 0.0, 4.0, HIGH), EventStarted("organ", 0.0, 4.0, 0.75)],
        [EventStarted("guitar", 2.5, 5.0, HIGH)],
        [EventEnded("flute", 0.0, 6.0, LOW, 2.5, HIGH)],
        [],
    ]
    assert tracker.open_events() == [
        EventStarted("guitar", 2.5, 5.0, LOW),
        EventStarted("organ", 0.0, 4.0, 0.75),
    ]


def test_open_events_carry_the_newest_score() -> None:
    tracker, _ = track_flute([HIGH, HIGH, 0.5, LOW])
    assert tracker.open_events() == [EventStarted("flute", 0.0, 5.0, LOW)]
    assert track_flute([HIGH])[0].open_events() == []


def test_close_ends_a_sounding_event_at_the_end_of_the_sound() -> None:
    tracker, _ = track_flute([LOW, HIGH, HIGH])
    assert tracker.close(6.75) == [EventEnded("flute", 2.5, 6.75, HIGH, 6.75, HIGH)]
    assert tracker.close(6.75) == []
    assert tracker.open_events() == []


def test_close_back_dates_the_end_of_a_silent_event() -> None:
    tracker, _ = track_flute([LOW, HIGH, HIGH, LOW, LOW])
    assert tracker.close(8.0, "deaf") == [EventEnded("flute", 2.5, 8.0, LOW, 4.5, HIGH, "deaf")]


def test_close_gives_no_event_for_an_unconfirmed_run() -> None:
    tracker, _ = track_flute([LOW, HIGH])
    assert tracker.close(5.0) == []


def test_close_resets_the_tracker() -> None:
    tracker, _ = track_flute([LOW, HIGH, HIGH, HIGH], cooldown_seconds=100.0)
    tracker.close(7.0, "deaf")
    row = np.array([HIGH, 0, 0], np.float32)
    assert tracker.update(4.0, row) == []
    assert tracker.update(5.0, row) == [EventStarted("flute", 0.0, 5.0, HIGH)]


def test_event_of_a_file_shorter_than_a_window_ends_with_the_file() -> None:
    tracker, (started,) = track_flute([HIGH], votes=1)
    assert started == EventStarted("flute", 0.0, 4.0, HIGH)
    (ended,) = tracker.close(3.9)
    assert isinstance(ended, EventEnded)
    assert (ended.onset, ended.ended_at) == (0.0, 3.9)
    assert ended.at >= ended.ended_at


def test_skipped_windows_count_as_silence() -> None:
    tracker, _ = track_flute([HIGH, HIGH])
    (ended,) = tracker.update(30.0, np.array([LOW, 0, 0], np.float32))
    assert ended == EventEnded("flute", 0.0, 30.0, LOW, 3.5, HIGH)


@pytest.mark.parametrize("settings", [{}, {"start_after_seconds": 86_400}])
def test_memory_does_not_grow_while_an_instrument_plays_for_hours(settings: dict[str, Any]) -> None:
    tracker = tracker_of(**settings)
    row = np.array([HIGH, HIGH, LOW], np.float32)
    sizes = []
    for number in range(20_000):
        tracker.update(4.0 + number, row)
        if number in {100, 19_999}:
            sizes.append(len(pickle.dumps(tracker)))
    assert sizes[0] == sizes[1]


def test_family_can_have_its_own_rules() -> None:
    settings = msgspec.structs.replace(
        msgspec.convert(QUICK, TrackerSettings),
        threshold=0.6,
        families={
            "guitar": FamilySettings(
                threshold=0.7,
                hysteresis=0.5,
                votes=3,
                vote_seconds=9.0,
                start_after_seconds=1.0,
                stop_after_seconds=20.0,
                cooldown_seconds=5.0,
            ),
            "organ": FamilySettings(votes=1),
        },
    )
    flute, guitar, organ = rules(settings, FAMILIES, THRESHOLDS, 1.0)
    assert flute == pytest.approx(Rules(0.6, 0.45, 2, 5.0, 0.0, 4.0, 0.0))
    assert guitar == pytest.approx(Rules(0.7, 0.35, 3, 9.0, 1.0, 20.0, 5.0))
    assert organ == flute._replace(votes=1)


@pytest.mark.parametrize(("hop_seconds", "votes"), [(0.5, 8), (1.0, 4), (2.0, 2), (4.0, 2)])
def test_default_votes_are_two_thirds_of_the_windows(hop_seconds: float, votes: int) -> None:
    found = rules(TrackerSettings(vote_seconds=6.0), FAMILIES, THRESHOLDS, hop_seconds)
    assert [family.votes for family in found] == [votes] * len(FAMILIES)


def test_zero_in_a_family_overrides_the_common_setting() -> None:
    settings = TrackerSettings(
        cooldown_seconds=9.0, families={"guitar": FamilySettings(cooldown_seconds=0, hysteresis=0)}
    )
    guitar = rules(settings, FAMILIES, THRESHOLDS, 1.0)[1]
    assert (guitar.cooldown_seconds, guitar.release) == (0, 0.5)


@pytest.mark.parametrize("threshold", [5e-324, 1e-300, 1e-45, 1e-31])
def test_silence_ends_an_event_even_with_a_tiny_threshold(threshold: float) -> None:
    settings = TrackerSettings(threshold=threshold, hysteresis=0.999)
    found = rules(settings, FAMILIES, THRESHOLDS, 1.0)
    assert all(0 < np.float32(rule.release) <= np.float32(rule.threshold) for rule in found)
    tuned = Controls(
        Node("box", "room", FAMILIES, "m", "v"), Configured(None, 6.0), Chosen(sensitivity=100.0)
    ).tuned(FAMILIES, found)
    assert all(0 < np.float32(rule.release) <= np.float32(rule.threshold) for rule in tuned)


def test_default_thresholds_are_those_of_the_model() -> None:
    found = rules(TrackerSettings(), FAMILIES, (0.3, 0.5, 0.9), 1.0)
    assert [family.threshold for family in found] == [0.3, 0.5, 0.9]
    assert [family.release for family in found] == pytest.approx([0.15, 0.25, 0.45])


@pytest.mark.parametrize(
    ("settings", "hop_seconds", "message"),
    [
        (
            {"votes": 6},
            1.0,
            (
                "tracker.votes: 6 votes can never be reached, since 5 s (vote_seconds) / 1 s "
                "(hop_seconds) hold 5 windows; set votes to 5 or less, or vote_seconds to more "
                "than 5"
            ),
        ),
        (
            {"votes": 2, "vote_seconds": 4.0},
            4.0,
            (
                "tracker.votes: 2 votes can never be reached, since 4 s (vote_seconds) / 4 s "
                "(hop_seconds) hold 1 window; set votes to 1 or less, or vote_seconds to more "
                "than 4"
            ),
        ),
        (
            {"families": {"guitar": {"votes": 21}}},
            0.25,
            (
                "tracker.families.guitar.votes: 21 votes can never be reached, since 5 s "
                "(vote_seconds) / 0.25 s (hop_seconds) hold 20 windows; set votes to 20 or less, "
                "or vote_seconds to more than 5"
            ),
        ),
        (
            {"families": {"theremin": {"votes": 1}}},
            1.0,
            (
                "tracker.families.theremin: the model has no such family; it has flute, "
                "guitar, organ"
            ),
        ),
    ],
)
def test_rejects_impossible_rules_with_the_calculation(
    settings: dict[str, Any], hop_seconds: float, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        tracker_of(hop_seconds, **settings)
    assert str(caught.value) == message


def test_error_names_a_familys_own_vote_seconds() -> None:
    # Only vote_seconds was set for this family, so that is the key to correct.
    with pytest.raises(InputError, match=r"^tracker\.families\.guitar\.vote") as caught:
        tracker_of(families={"guitar": {"vote_seconds": 1.0}})
    assert "1 s (vote_seconds) / 1 s (hop_seconds) hold 1 window" in str(caught.value)


def test_highest_accepted_number_of_votes_starts_an_event() -> None:
    for hop_seconds in (0.25, 0.3, 1 / 3, 0.7, 1.0, 2.4, 4.0):
        for vote_seconds in (0.3, 1.0, 2.5, 5.0, 7.2):
            refused_from = 1
            while True:
                try:
                    tracker_of(hop_seconds, votes=refused_from, vote_seconds=vote_seconds)
                except InputError:
                    break
                refused_from += 1
            scores = [HIGH] * 40
            settings = {"votes": refused_from - 1, "vote_seconds": vote_seconds}
            assert len(flute_events(scores, hop_seconds, **settings)) == 1, (hop_seconds, settings)


SETTINGS = st.fixed_dictionaries(
    {
        "threshold": st.sampled_from([0.25, 0.5, 0.75]),
        "hysteresis": st.sampled_from([0.0, 0.25, 0.9]),
        "votes": st.integers(1, 6),
        "vote_seconds": st.floats(0.5, 30),
        "start_after_seconds": st.sampled_from([0.0, 1.0, 3.3, 12.0]),
        "stop_after_seconds": st.floats(0.25, 20),
        "cooldown_seconds": st.sampled_from([0.0, 0.5, 4.0, 30.0]),
    }
)
SCORES = st.lists(st.sampled_from([0.0, 0.2, 0.3, 0.45, 0.5, 0.7, 0.8, 1.0]), max_size=60)
HOPS_SECONDS = st.sampled_from([0.25, 0.5, 1.0, 1.7, 4.0])


def run_to_the_end(
    hop_seconds: float, settings: dict[str, Any], scores: Sequence[float]
) -> list[Event] | None:
    """Return all events including those at the end of the sound; None for invalid settings."""
    try:
        tracker, events = track_flute(scores, hop_seconds, **settings)
    except InputError:
        return None
    return events + tracker.close(4.0 + max(0, len(scores) - 1) * hop_seconds)


@given(hop_seconds=HOPS_SECONDS, settings=SETTINGS, scores=SCORES)
def test_starts_and_ends_alternate_with_times_in_order(
    hop_seconds: float, settings: dict[str, Any], scores: list[float]
) -> None:
    events = run_to_the_end(hop_seconds, settings, scores)
    assume(events is not None)
    assert events is not None
    assert len(events) % 2 == 0
    quiet_until, now = 0.0, 0.0
    for started, ended in zip(events[::2], events[1::2], strict=True):
        assert isinstance(started, EventStarted)
        assert isinstance(ended, EventEnded)
        assert now <= started.at <= ended.at
        assert quiet_until <= started.onset <= started.at
        assert ended.onset == started.onset <= ended.ended_at <= ended.at
        assert ended.duration_seconds >= 0
        assert started.at - started.onset >= settings["start_after_seconds"] - 1e-5
        assert settings["threshold"] <= ended.peak <= 1.0
        now = ended.at
        quiet_until = ended.ended_at + settings["cooldown_seconds"]


@given(hop_seconds=HOPS_SECONDS, settings=SETTINGS, scores=SCORES)
def test_event_starts_only_in_a_window_with_a_detection(
    hop_seconds: float, settings: dict[str, Any], scores: list[float]
) -> None:
    for event in run_to_the_end(hop_seconds, settings, scores) or []:
        if isinstance(event, EventStarted):
            assert event.score >= settings["threshold"]


@given(hop_seconds=HOPS_SECONDS, settings=SETTINGS, scores=SCORES)
def test_scores_below_the_threshold_give_no_events(
    hop_seconds: float, settings: dict[str, Any], scores: list[float]
) -> None:
    below = [score * 0.99 * settings["threshold"] for score in scores]
    assert not run_to_the_end(hop_seconds, settings, below)


@given(hop_seconds=HOPS_SECONDS, settings=SETTINGS)
def test_every_accepted_rule_can_start_and_end_an_event(
    hop_seconds: float, settings: dict[str, Any]
) -> None:
    scores = [1.0] * int(2 + 30 / hop_seconds) + [0.0] * int(2 + 22 / hop_seconds)
    try:
        events = flute_events(scores, hop_seconds, **settings)
    except InputError:
        return
    assert [type(event) for event in events] == [EventStarted, EventEnded]


def test_retune_applies_from_the_next_window_and_keeps_open_events() -> None:
    tracker, (started,) = track_flute([LOW, HIGH, HIGH])
    assert isinstance(started, EventStarted)
    strict = msgspec.convert(QUICK | {"threshold": 0.99}, TrackerSettings)
    tracker.retune(rules(strict, FAMILIES, THRESHOLDS, 1.0))
    assert [event.family for event in tracker.open_events()] == ["flute"]
    events = [
        event
        for at in range(7, 20)
        for event in tracker.update(float(at), np.array([0.7, HIGH, 0.0], np.float32))
    ]
    (ended,) = events
    assert isinstance(ended, EventEnded)
    assert ended.onset == started.onset
