"""Scripted scores, exact events: votes, hysteresis, back-dating, cooldown, impossible settings."""

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
    """A tracker of three families with a threshold of 0.5 each and rules that are quick."""
    checked = msgspec.convert(QUICK | settings, TrackerSettings)
    return Tracker(FAMILIES, rules(checked, FAMILIES, THRESHOLDS, hop_seconds), hop_seconds)


def track(
    scores: Sequence[float], hop_seconds: float = 1.0, **settings: Any
) -> tuple[Tracker, list[Event]]:
    """The flute's scores, one a window from 4 s on; the other families are silent."""
    tracker = tracker_of(hop_seconds, **settings)
    events: list[Event] = []
    for number, score in enumerate(scores):
        row = np.array([score, 0.0, 0.0], np.float32)
        events += tracker.update(4.0 + number * hop_seconds, row)
    return tracker, events


def events_of(scores: Sequence[float], hop_seconds: float = 1.0, **settings: Any) -> list[Event]:
    return track(scores, hop_seconds, **settings)[1]


def test_a_run_of_detections_is_one_event_back_dated_at_both_ends() -> None:
    assert events_of([LOW, LOW, HIGH, 0.75, 0.625, LOW, LOW, LOW, LOW, LOW]) == [
        # The first detection's window ended at 6 s: its sound began half a window and half a hop
        # earlier; the last one's, at 8 s, likewise.
        EventStarted("flute", onset=3.5, at=7.0, score=0.75),
        EventEnded("flute", onset=3.5, at=12.0, score=LOW, ended_at=6.5, peak=HIGH),
    ]


def test_the_length_of_an_event_is_its_sound() -> None:
    _, ended = events_of([LOW, *[HIGH] * 60, *[LOW] * 5])
    assert isinstance(ended, EventEnded)
    assert ended.duration_seconds == 60.0


@pytest.mark.parametrize("votes", [1, 2, 3, 4, 5])
def test_an_event_starts_with_the_last_vote(votes: int) -> None:
    (started,) = events_of([LOW, *[HIGH] * 8], votes=votes)
    assert started == EventStarted("flute", onset=2.5, at=4.0 + votes, score=HIGH)


def test_too_few_votes_start_nothing() -> None:
    assert events_of([HIGH, HIGH, LOW, LOW, LOW, LOW], votes=3) == []


def test_votes_need_not_follow_each_other() -> None:
    (started,) = events_of([LOW, HIGH, LOW, LOW, HIGH], votes=2, vote_seconds=4.0)
    assert started == EventStarted("flute", onset=2.5, at=8.0, score=HIGH)


def test_votes_further_apart_than_vote_seconds_start_nothing() -> None:
    assert events_of([LOW, HIGH, LOW, LOW, HIGH], votes=2, vote_seconds=3.0) == []


def test_a_run_that_was_never_confirmed_is_forgotten() -> None:
    # One detection, stop_after_seconds of quiet, then a run of its own onset.
    (started,) = events_of([LOW, HIGH, LOW, LOW, LOW, HIGH, HIGH], stop_after_seconds=3.0)
    assert started == EventStarted("flute", onset=6.5, at=10.0, score=HIGH)


def test_a_score_at_the_threshold_is_a_detection_and_below_it_is_none() -> None:
    assert len(events_of([0.5], votes=1)) == 1
    assert events_of([np.nextafter(np.float32(0.5), np.float32(0))], votes=1) == []


def test_an_open_event_lives_on_above_its_share_of_the_threshold() -> None:
    scores = [LOW, HIGH, HIGH, *[0.375] * 9]
    assert len(events_of(scores, hysteresis=0.25)) == 1
    _, ended = events_of(scores, hysteresis=0.125)
    assert isinstance(ended, EventEnded)
    assert ended.ended_at == 4.5


def test_hysteresis_starts_no_event() -> None:
    assert events_of([0.4375] * 20, hysteresis=0.25) == []


def test_silences_shorter_than_stop_after_stay_inside_the_event() -> None:
    scores = [HIGH, HIGH, LOW, LOW, LOW, HIGH, LOW, LOW, LOW, LOW]
    _, ended = events_of(scores, stop_after_seconds=4.0)
    assert ended == EventEnded("flute", 0.0, at=13.0, score=LOW, ended_at=7.5, peak=HIGH)


def test_after_stop_after_seconds_the_event_ends() -> None:
    for stop_after_seconds, at in ((1.0, 6.0), (2.0, 7.0), (2.5, 8.0), (6.0, 11.0)):
        _, ended = events_of([HIGH, HIGH, *[LOW] * 8], stop_after_seconds=stop_after_seconds)
        assert ended.at == at
        assert isinstance(ended, EventEnded)
        assert ended.ended_at == 3.5


def test_a_sound_must_last_for_start_after_seconds_and_its_onset_stays_true() -> None:
    (started,) = events_of([LOW, *[HIGH] * 12], start_after_seconds=10.0)
    assert started == EventStarted("flute", onset=2.5, at=13.0, score=HIGH)


def test_a_sound_shorter_than_start_after_seconds_is_no_event() -> None:
    assert events_of([LOW, *[HIGH] * 5, *[LOW] * 10], start_after_seconds=10.0) == []


def test_silence_does_not_count_as_lasting_sound() -> None:
    # Six seconds of sound; the rest of the ten that are asked for passes in silence.
    settings = {"start_after_seconds": 10.0, "stop_after_seconds": 20.0, "vote_seconds": 30.0}
    assert events_of([LOW, *[HIGH] * 5, *[LOW] * 10], **settings) == []


def test_the_first_windows_sound_may_have_begun_with_it() -> None:
    (started,) = events_of([HIGH, HIGH])
    assert started.onset == 0.0


@pytest.mark.parametrize(
    ("hop_seconds", "onset"), [(0.25, 2.125), (0.5, 2.25), (1.0, 2.5), (2.0, 3.0), (4.0, 4.0)]
)
def test_the_onset_is_back_dated_by_half_a_window_and_half_a_hop(
    hop_seconds: float, onset: float
) -> None:
    (started,) = events_of([LOW, HIGH], hop_seconds, votes=1)
    assert started.onset == onset


def test_after_an_end_the_cooldown_passes_before_the_next_onset() -> None:
    once = [HIGH, LOW, LOW]
    settings = {"votes": 1, "stop_after_seconds": 1.0}
    first, end, second, end_again = events_of([*once, *once], **settings)
    assert (first.at, end.at, second.at, end_again.at) == (4.0, 5.0, 7.0, 8.0)
    assert second.onset == 4.5
    assert isinstance(end, EventEnded)
    assert end.ended_at == 2.5
    # With 5 s the next onset counts from 7.5 s on: the window at 7 s alone is too early.
    assert len(events_of([*once, *once], **settings, cooldown_seconds=5.0)) == 2
    _, _, late, _ = events_of([*once, *[HIGH] * 5, LOW], **settings, cooldown_seconds=5.0)
    # and it starts once it has outlasted the cooldown for certain.
    assert late == EventStarted("flute", onset=7.5, at=10.0, score=HIGH)


def test_a_sound_that_ends_within_the_cooldown_is_no_event() -> None:
    scores = [HIGH, LOW, HIGH, HIGH, LOW, LOW, LOW, LOW, LOW, LOW]
    events = events_of(scores, votes=1, stop_after_seconds=1.0, cooldown_seconds=60.0)
    assert [type(event) for event in events] == [EventStarted, EventEnded]


def test_families_are_followed_on_their_own() -> None:
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
    tracker, _ = track([HIGH, HIGH, 0.5, LOW])
    assert tracker.open_events() == [EventStarted("flute", 0.0, 5.0, LOW)]
    assert track([HIGH])[0].open_events() == []


def test_the_end_of_the_sound_ends_an_event_that_sounds_there() -> None:
    tracker, _ = track([LOW, HIGH, HIGH])
    assert tracker.close(6.75) == [EventEnded("flute", 2.5, 6.75, HIGH, 6.75, HIGH)]
    assert tracker.close(6.75) == []
    assert tracker.open_events() == []


def test_the_end_of_the_sound_back_dates_an_event_that_had_fallen_silent() -> None:
    tracker, _ = track([LOW, HIGH, HIGH, LOW, LOW])
    assert tracker.close(8.0, "deaf") == [EventEnded("flute", 2.5, 8.0, LOW, 4.5, HIGH, "deaf")]


def test_a_run_that_was_not_confirmed_closes_silently() -> None:
    tracker, _ = track([LOW, HIGH])
    assert tracker.close(5.0) == []


def test_after_closing_the_tracker_starts_anew() -> None:
    tracker, _ = track([LOW, HIGH, HIGH, HIGH], cooldown_seconds=100.0)
    tracker.close(7.0, "deaf")
    row = np.array([HIGH, 0, 0], np.float32)
    assert tracker.update(4.0, row) == []
    assert tracker.update(5.0, row) == [EventStarted("flute", 0.0, 5.0, HIGH)]


def test_a_file_shorter_than_a_window_gives_an_event_within_it() -> None:
    tracker, (started,) = track([HIGH], votes=1)
    assert started == EventStarted("flute", 0.0, 4.0, HIGH)
    (ended,) = tracker.close(3.9)
    assert isinstance(ended, EventEnded)
    assert (ended.onset, ended.ended_at) == (0.0, 3.9)
    assert ended.at >= ended.ended_at


def test_windows_that_were_skipped_count_as_time() -> None:
    tracker, _ = track([HIGH, HIGH])
    (ended,) = tracker.update(30.0, np.array([LOW, 0, 0], np.float32))
    assert ended == EventEnded("flute", 0.0, 30.0, LOW, 3.5, HIGH)


@pytest.mark.parametrize("settings", [{}, {"start_after_seconds": 86_400}])
def test_nothing_grows_while_an_instrument_plays_for_hours(settings: dict[str, Any]) -> None:
    tracker = tracker_of(**settings)
    row = np.array([HIGH, HIGH, LOW], np.float32)
    sizes = []
    for number in range(20_000):
        tracker.update(4.0 + number, row)
        if number in {100, 19_999}:
            sizes.append(len(pickle.dumps(tracker)))
    assert sizes[0] == sizes[1]


def test_a_family_may_have_rules_of_its_own() -> None:
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
def test_without_votes_two_of_three_windows_decide(hop_seconds: float, votes: int) -> None:
    found = rules(TrackerSettings(vote_seconds=6.0), FAMILIES, THRESHOLDS, hop_seconds)
    assert [family.votes for family in found] == [votes] * len(FAMILIES)


def test_zero_is_a_rule_and_not_a_missing_one() -> None:
    settings = TrackerSettings(
        cooldown_seconds=9.0, families={"guitar": FamilySettings(cooldown_seconds=0, hysteresis=0)}
    )
    guitar = rules(settings, FAMILIES, THRESHOLDS, 1.0)[1]
    assert (guitar.cooldown_seconds, guitar.release) == (0, 0.5)


@pytest.mark.parametrize("threshold", [5e-324, 1e-300, 1e-45, 1e-31])
def test_silence_ends_an_event_however_low_the_threshold(threshold: float) -> None:
    settings = TrackerSettings(threshold=threshold, hysteresis=0.999)
    found = rules(settings, FAMILIES, THRESHOLDS, 1.0)
    assert all(0 < np.float32(rule.release) <= np.float32(rule.threshold) for rule in found)
    tuned = Controls(
        Node("box", "room", FAMILIES, "m", "v"), Configured(None, 6.0), Chosen(sensitivity=100.0)
    ).tuned_rules(FAMILIES, found)
    assert all(0 < np.float32(rule.release) <= np.float32(rule.threshold) for rule in tuned)


def test_without_a_threshold_each_family_has_the_models() -> None:
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
                "tracker.families.theremin: the model knows no such family; it knows flute, "
                "guitar, organ"
            ),
        ),
    ],
)
def test_rules_that_cannot_work_are_refused_with_the_sum(
    settings: dict[str, Any], hop_seconds: float, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        tracker_of(hop_seconds, **settings)
    assert str(caught.value) == message


def test_a_familys_vote_seconds_that_are_too_short_are_named() -> None:
    # Only vote_seconds was set for this family, so that is the key to correct.
    with pytest.raises(InputError, match=r"^tracker\.families\.guitar\.vote") as caught:
        tracker_of(families={"guitar": {"vote_seconds": 1.0}})
    assert "1 s (vote_seconds) / 1 s (hop_seconds) hold 1 window" in str(caught.value)


def test_the_most_votes_that_fit_do_start_an_event() -> None:
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
            assert len(events_of(scores, hop_seconds, **settings)) == 1, (hop_seconds, settings)


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


def run(
    hop_seconds: float, settings: dict[str, Any], scores: Sequence[float]
) -> list[Event] | None:
    """All events, the sound's end included; None for settings that are refused."""
    try:
        tracker, events = track(scores, hop_seconds, **settings)
    except InputError:
        return None
    return events + tracker.close(4.0 + max(0, len(scores) - 1) * hop_seconds)


@given(hop_seconds=HOPS_SECONDS, settings=SETTINGS, scores=SCORES)
def test_events_alternate_and_their_times_are_in_order(
    hop_seconds: float, settings: dict[str, Any], scores: list[float]
) -> None:
    events = run(hop_seconds, settings, scores)
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
def test_an_event_starts_only_in_a_window_that_detects_it(
    hop_seconds: float, settings: dict[str, Any], scores: list[float]
) -> None:
    for event in run(hop_seconds, settings, scores) or []:
        if isinstance(event, EventStarted):
            assert event.score >= settings["threshold"]


@given(hop_seconds=HOPS_SECONDS, settings=SETTINGS, scores=SCORES)
def test_scores_below_the_threshold_give_no_events(
    hop_seconds: float, settings: dict[str, Any], scores: list[float]
) -> None:
    below = [score * 0.99 * settings["threshold"] for score in scores]
    assert not run(hop_seconds, settings, below)


@given(hop_seconds=HOPS_SECONDS, settings=SETTINGS)
def test_whatever_is_accepted_starts_and_ends_in_the_end(
    hop_seconds: float, settings: dict[str, Any]
) -> None:
    scores = [1.0] * int(2 + 30 / hop_seconds) + [0.0] * int(2 + 22 / hop_seconds)
    try:
        events = events_of(scores, hop_seconds, **settings)
    except InputError:
        return
    assert [type(event) for event in events] == [EventStarted, EventEnded]


def test_other_rules_hold_from_the_next_window_and_keep_what_is_open() -> None:
    tracker, (started,) = track([LOW, HIGH, HIGH])
    assert isinstance(started, EventStarted)
    deaf = msgspec.convert(QUICK | {"threshold": 0.99}, TrackerSettings)
    tracker.retune(rules(deaf, FAMILIES, THRESHOLDS, 1.0))
    assert [event.family for event in tracker.open_events()] == ["flute"]
    events = [
        event
        for at in range(7, 20)
        for event in tracker.update(float(at), np.array([0.7, HIGH, 0.0], np.float32))
    ]
    (ended,) = events
    assert isinstance(ended, EventEnded)
    assert ended.onset == started.onset
