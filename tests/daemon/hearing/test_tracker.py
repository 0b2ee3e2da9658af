"""Exact events of scripted patches and scores: evidence, hysteresis, back-dating, cooldown."""

import math
import pickle
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.configuration.settings import TrackerSettings
from daemon.hearing.logits import probability_of
from daemon.hearing.patch_grid import PatchLogits
from daemon.hearing.rules import rules
from daemon.hearing.tracker import Event, EventEnded, EventStarted, Tracker
from tests.daemon.observations import due_patches

FAMILIES = ("flute", "guitar", "organ")
THRESHOLDS = (0.5, 0.5, 0.5)
# A patch with HIGH counts as the clearest one, with LOW as -2.1.
HIGH, LOW = 0.875, 0.125

QUICK = {"hysteresis": 0.25, "patience": "quick", "stop_after_seconds": 4.0}


def tracker_of(hop_seconds: float = 1.0, **settings: Any) -> Tracker:
    """A tracker of three families with thresholds of 0.5 and short times."""
    checked = msgspec.convert(QUICK | settings, TrackerSettings)
    return Tracker(FAMILIES, rules(checked, FAMILIES, THRESHOLDS, hop_seconds), hop_seconds)


def update(
    tracker: Tracker, at: float, row: Sequence[float], hop_seconds: float = 1.0
) -> list[Event]:
    """Track a window whose score and new patches are alike."""
    patches = due_patches(at, row, hop_seconds, first=at == 4.0)
    return tracker.update(at, np.array(row, np.float32), patches)


def track_flute(
    scores: Sequence[float], hop_seconds: float = 1.0, **settings: Any
) -> tuple[Tracker, list[Event]]:
    """Track one flute score per window from 4 s on; the other families are silent."""
    tracker = tracker_of(hop_seconds, **settings)
    events: list[Event] = []
    for number, score in enumerate(scores):
        events += update(tracker, 4.0 + number * hop_seconds, [score, 0.0, 0.0], hop_seconds)
    return tracker, events


def flute_events(scores: Sequence[float], hop_seconds: float = 1.0, **settings: Any) -> list[Event]:
    return track_flute(scores, hop_seconds, **settings)[1]


def play_flute(
    sounds: Sequence[tuple[float, float]],
    seconds: float,
    hop_seconds: float = 1.0,
    **settings: Any,
) -> list[Event]:
    """Return the events of a flute that sounds from each start to each end.

    A patch is clear if its middle lies in a sound; a window's score has the mean logit of four.
    """
    tracker = tracker_of(hop_seconds, **({"stop_after_seconds": 15.0} | settings))

    def logits(start: float) -> list[float]:
        middle = start + 0.4875
        sounding = any(begin <= middle < end for begin, end in sounds)
        return [3.0 if sounding else -6.0, -6.0, -6.0]

    events: list[Event] = []
    for number in range(1 + int((seconds - 4.0) / hop_seconds + 1e-9)):
        at = 4.0 + number * hop_seconds
        of_window = [logits(at - 4.0 + start)[0] for start in (0.02, 1.02, 2.02, 3.02)]
        score = probability_of(sum(of_window) / 4)
        patches = [
            PatchLogits(p.start_seconds, p.end_seconds, np.array(logits(p.start_seconds)))
            for p in due_patches(at, [0.0, 0.0, 0.0], hop_seconds, first=number == 0)
        ]
        events += tracker.update(at, np.array([score, 0.0, 0.0], np.float32), patches)
    return events


def test_sound_becomes_one_event_with_back_dated_onset_and_end() -> None:
    started, ended = flute_events([LOW, LOW, HIGH, 0.75, 0.625, LOW, LOW, LOW, LOW, LOW])
    # The first clear patch begins at 4.52 s; the third, which ends at 6.495 s, is enough. The last
    # window above the release score ended at 8 s; the end is half a window earlier and half a hop
    # later.
    assert isinstance(started, EventStarted)
    assert (started.onset, started.at) == (4.52, 7.0)
    assert isinstance(ended, EventEnded)
    assert (ended.onset, ended.at, ended.ended_at) == (4.52, 12.0, 6.5)
    # The mean of two patches limited to the logit 1.7 and one with 1.1, the logit of 0.75.
    assert started.score == ended.peak == pytest.approx(0.817, abs=0.001)
    assert ended.score == LOW


@pytest.mark.parametrize("hop_seconds", [0.25, 0.5, 1.0, 1.7, 2.0, 4.0])
@pytest.mark.parametrize(
    ("patience", "enough_at"), [("quick", 11.495), ("normal", 12.495), ("sure", 14.495)]
)
def test_event_starts_with_the_first_window_that_contains_enough_evidence(
    patience: str, enough_at: float, hop_seconds: float
) -> None:
    (started,) = play_flute([(10.0, 30.0)], 20.0, hop_seconds, patience=patience)
    assert isinstance(started, EventStarted)
    assert started.onset == pytest.approx(9.52)
    hops = math.ceil((enough_at - 4.0) / hop_seconds)
    assert started.at == pytest.approx(4.0 + hops * hop_seconds)


@pytest.mark.parametrize("hop_seconds", [0.25, 0.5, 1.0, 2.0])
def test_event_lasts_as_long_as_its_sound(hop_seconds: float) -> None:
    _, ended = play_flute([(10.0, 70.0)], 95.0, hop_seconds)
    assert isinstance(ended, EventEnded)
    assert ended.onset == pytest.approx(10.0, abs=0.6)
    assert ended.ended_at == pytest.approx(70.0, abs=1.0)
    assert ended.at == pytest.approx(ended.ended_at + 15.0 + 2.0, abs=hop_seconds)


def test_event_bridges_pauses_shorter_than_stop_after_seconds() -> None:
    # Eight seconds on and six off, for a minute.
    sounds = [(start, start + 8.0) for start in (5.0, 19.0, 33.0, 47.0)]
    started, ended = play_flute(sounds, 80.0)
    assert isinstance(started, EventStarted)
    assert isinstance(ended, EventEnded)
    assert started.onset == pytest.approx(5.0, abs=0.6)
    assert ended.ended_at == pytest.approx(55.0, abs=1.0)


def test_long_pause_needs_new_evidence() -> None:
    playing, pause = [HIGH] * 6, [LOW] * 8
    again = [HIGH, HIGH, *[LOW] * 20]
    _, ended = flute_events([*playing, *pause, *again], stop_after_seconds=15.0)
    assert isinstance(ended, EventEnded)
    assert ended.ended_at == 9.0 - 2.0 + 0.5 + 10.0
    # A score that only reaches the release score, 0.25, continues it after a shorter pause.
    similar = [0.4, 0.4, *[LOW] * 20]
    _, ended = flute_events([*playing, *pause, *similar], stop_after_seconds=15.0, hysteresis=0.5)
    assert isinstance(ended, EventEnded)
    assert (ended.at, ended.ended_at) == (24.0, 9.0 - 2.0 + 0.5)
    _, ended = flute_events(
        [*playing, *pause[:5], *similar], stop_after_seconds=15.0, hysteresis=0.5
    )
    assert isinstance(ended, EventEnded)
    assert ended.ended_at == 9.0 - 2.0 + 0.5 + 7.0


@pytest.mark.parametrize("patience", ["quick", "normal", "sure"])
def test_one_patch_starts_no_event(patience: str) -> None:
    assert play_flute([(10.0, 10.5), (20.0, 20.5), (30.0, 30.5)], 40.0, patience=patience) == []


def test_pause_within_a_phrase_delays_the_start_but_keeps_the_onset() -> None:
    (started,) = play_flute([(10.0, 12.0), (12.5, 30.0)], 20.0, patience="normal")
    assert isinstance(started, EventStarted)
    assert started.onset == pytest.approx(9.52)
    assert started.at == 14.0


def test_evidence_is_forgotten_in_silence() -> None:
    (started,) = play_flute([(10.0, 11.5), (16.0, 30.0)], 25.0, patience="normal")
    assert isinstance(started, EventStarted)
    assert started.onset == pytest.approx(15.52)


def test_remaining_evidence_starts_no_event_in_silence() -> None:
    # Lots of evidence, but the sound ends before it has lasted ten seconds.
    sounds = [(10.0, 18.0)]
    assert play_flute(sounds, 30.0, start_after_seconds=10.0) == []


def test_patches_at_the_threshold_are_no_evidence() -> None:
    assert flute_events([0.5] * 60) == []
    assert len(flute_events([0.6] * 60)) == 1


def test_nan_in_a_patch_counts_as_silence() -> None:
    nan = float("nan")
    tracker = tracker_of()
    silence = np.zeros(3, np.float32)
    broken = [PatchLogits(0.02, 0.995, np.array([nan, nan, nan], np.float32))]
    assert tracker.update(4.0, silence, broken) == []
    events = [event for at in range(5, 9) for event in update(tracker, float(at), [HIGH, 0, 0])]
    assert [event.family for event in events] == ["flute"]


def test_first_score_is_that_of_the_sound_since_the_onset() -> None:
    tracker = tracker_of()
    tracker.update(4.0, np.zeros(3, np.float32), due_patches(4.0, [0.0] * 3, first=True))
    # The window still contains more silence than sound, so its own score is low.
    low = np.array([0.2, 0.0, 0.0], np.float32)
    tracker.update(5.0, low, due_patches(5.0, [0.8, 0.0, 0.0]))
    (started,) = tracker.update(6.0, low, due_patches(6.0, [0.8, 0.0, 0.0]))
    assert started.score == pytest.approx(0.8)
    assert tracker.open_events()[0].score == pytest.approx(0.8)
    # Four seconds after the onset the window contains nothing older.
    tracker.update(7.0, low, due_patches(7.0, [0.8, 0.0, 0.0]))
    tracker.update(8.0, low, due_patches(8.0, [0.8, 0.0, 0.0]))
    assert tracker.open_events()[0].score == pytest.approx(0.2)


def test_young_event_continues_while_patches_speak_for_it() -> None:
    # Windows that are mostly silent stay below the release score.
    started, ended = play_flute(
        [(10.0, 30.0)], 40.0, 0.25, patience="quick", stop_after_seconds=0.25
    )
    assert started.onset == ended.onset
    assert isinstance(ended, EventEnded)
    assert ended.ended_at == pytest.approx(30.0, abs=1.0)


def test_open_event_continues_above_the_release_score() -> None:
    scores = [LOW, HIGH, HIGH, *[0.375] * 9]
    assert len(flute_events(scores, hysteresis=0.25)) == 1
    _, ended = flute_events(scores, hysteresis=0.125)
    assert isinstance(ended, EventEnded)
    assert ended.ended_at == 4.5


def test_silence_shorter_than_stop_after_seconds_does_not_end_an_event() -> None:
    scores = [HIGH, HIGH, LOW, LOW, LOW, HIGH, LOW, LOW, LOW, LOW]
    _, ended = flute_events(scores, stop_after_seconds=4.0)
    assert isinstance(ended, EventEnded)
    assert (ended.at, ended.score, ended.ended_at) == (13.0, LOW, 7.5)


def test_event_ends_after_stop_after_seconds() -> None:
    for stop_after_seconds, at in ((1.0, 6.0), (2.0, 7.0), (2.5, 8.0), (6.0, 11.0)):
        _, ended = flute_events([HIGH, HIGH, *[LOW] * 8], stop_after_seconds=stop_after_seconds)
        assert ended.at == at
        assert isinstance(ended, EventEnded)
        assert ended.ended_at == 3.5


def test_event_starts_after_start_after_seconds_with_its_original_onset() -> None:
    (started,) = flute_events([LOW, *[HIGH] * 14], start_after_seconds=10.0)
    assert isinstance(started, EventStarted)
    assert (started.onset, started.at) == (3.52, 14.0)


def test_sound_shorter_than_start_after_seconds_is_no_event() -> None:
    assert flute_events([LOW, *[HIGH] * 5, *[LOW] * 10], start_after_seconds=10.0) == []


def test_onset_in_the_first_window_is_that_of_its_first_patch() -> None:
    (started,) = flute_events([HIGH])
    assert (started.onset, started.at) == (0.02, 4.0)


def test_next_onset_is_not_before_the_end_of_the_cooldown() -> None:
    once = [HIGH, LOW, LOW, LOW]
    settings = {"stop_after_seconds": 1.0}
    first, end = flute_events(once, **settings)
    assert (first.at, end.at) == (4.0, 5.0)
    assert isinstance(end, EventEnded)
    assert end.ended_at == 2.5
    # With a cooldown of 7 s the next onset is 9.5 s at the earliest. The sound began before.
    settings["cooldown_seconds"] = 7.0
    _, _, late = flute_events([*once, *[HIGH] * 6], **settings)
    assert isinstance(late, EventStarted)
    assert (late.onset, late.at) == (9.5, 11.0)


def test_sound_that_ends_within_the_cooldown_is_no_event() -> None:
    scores = [HIGH, LOW, LOW, HIGH, HIGH, LOW, LOW, LOW, LOW, LOW, LOW]
    events = flute_events(scores, stop_after_seconds=1.0, cooldown_seconds=60.0)
    assert [type(event) for event in events] == [EventStarted, EventEnded]


def test_families_are_tracked_independently() -> None:
    tracker = tracker_of(stop_after_seconds=2.0)
    rows = [(HIGH, LOW, 0.8), (LOW, HIGH, 0.8), (LOW, HIGH, 0.8), (LOW, LOW, 0.8)]
    events = [update(tracker, 4.0 + number, row) for number, row in enumerate(rows)]
    assert [[(type(e), e.family, e.onset) for e in found] for found in events] == [
        [(EventStarted, "flute", 0.02), (EventStarted, "organ", 0.02)],
        [],
        [(EventEnded, "flute", 0.02), (EventStarted, "guitar", 3.52)],
        [],
    ]
    assert [event.family for event in tracker.open_events()] == ["guitar", "organ"]


def test_open_events_carry_the_newest_score() -> None:
    tracker, (started,) = track_flute([HIGH, HIGH, 0.5, LOW])
    assert tracker.open_events() == [EventStarted("flute", 0.02, 4.0, LOW)]
    assert isinstance(started, EventStarted)
    assert started.score == HIGH
    assert track_flute([LOW, HIGH])[0].open_events() == []


def test_close_ends_a_sounding_event_at_the_end_of_the_sound() -> None:
    tracker, _ = track_flute([LOW, HIGH, HIGH])
    (ended,) = tracker.close(6.75)
    assert isinstance(ended, EventEnded)
    assert (ended.onset, ended.at, ended.ended_at, ended.score) == (3.52, 6.75, 6.75, HIGH)
    assert tracker.close(6.75) == []
    assert tracker.open_events() == []


def test_close_back_dates_the_end_of_a_silent_event() -> None:
    tracker, _ = track_flute([LOW, HIGH, HIGH, LOW, LOW])
    (ended,) = tracker.close(8.0, "deaf")
    assert isinstance(ended, EventEnded)
    assert (ended.at, ended.ended_at, ended.score, ended.reason) == (8.0, 4.5, LOW, "deaf")


def test_close_gives_no_event_without_enough_evidence() -> None:
    tracker, _ = track_flute([LOW, HIGH])
    assert tracker.close(5.0) == []


def test_close_resets_the_tracker() -> None:
    tracker, _ = track_flute([LOW, HIGH, HIGH, HIGH], cooldown_seconds=100.0)
    tracker.close(7.0, "deaf")
    (started,) = update(tracker, 4.0, [HIGH, 0.0, 0.0])
    assert (started.onset, started.at) == (0.02, 4.0)
    tracker.close(4.0)
    # No evidence is left of the sound before.
    assert tracker.update(4.0, np.zeros(3, np.float32), due_patches(1.0, [HIGH] * 3)) == []


def test_event_of_a_file_shorter_than_a_window_ends_with_the_file() -> None:
    tracker, (started,) = track_flute([HIGH])
    assert (started.onset, started.at) == (0.02, 4.0)
    (ended,) = tracker.close(3.9)
    assert isinstance(ended, EventEnded)
    assert (ended.onset, ended.ended_at) == (0.02, 3.9)
    assert ended.at >= ended.ended_at


def test_skipped_windows_count_as_silence() -> None:
    tracker, _ = track_flute([HIGH, HIGH])
    (ended,) = update(tracker, 30.0, [LOW, 0.0, 0.0])
    assert isinstance(ended, EventEnded)
    assert (ended.at, ended.ended_at, ended.score) == (30.0, 3.5, LOW)


@pytest.mark.parametrize("settings", [{}, {"start_after_seconds": 86_400}])
def test_memory_does_not_grow_while_an_instrument_plays_for_hours(settings: dict[str, Any]) -> None:
    tracker = tracker_of(**settings)
    row = np.array([HIGH, HIGH, LOW], np.float32)
    sizes = []
    for number in range(20_000):
        at = 4.0 + number
        tracker.update(at, row, [PatchLogits(at - 1.0, at, row)])
        if number in {100, 19_999}:
            sizes.append(len(pickle.dumps(tracker)))
    assert sizes[0] == sizes[1]


SETTINGS = st.fixed_dictionaries(
    {
        "threshold": st.sampled_from([0.25, 0.5, 0.75]),
        "hysteresis": st.sampled_from([0.0, 0.25, 0.9]),
        "patience": st.sampled_from(["quick", "normal", "sure"]),
        "start_after_seconds": st.sampled_from([0.0, 1.0, 3.3, 12.0]),
        "stop_after_seconds": st.floats(0.25, 20),
        "cooldown_seconds": st.sampled_from([0.0, 0.5, 4.0, 30.0]),
    }
)
SCORES = st.lists(st.sampled_from([0.0, 0.2, 0.3, 0.45, 0.5, 0.7, 0.8, 1.0]), max_size=60)
HOPS_SECONDS = st.sampled_from([0.25, 0.5, 1.0, 1.7, 4.0])


def run_to_the_end(
    hop_seconds: float, settings: dict[str, Any], scores: Sequence[float]
) -> list[Event]:
    """Return all events including those at the end of the sound."""
    tracker, events = track_flute(scores, hop_seconds, **settings)
    return events + tracker.close(4.0 + max(0, len(scores) - 1) * hop_seconds)


@given(hop_seconds=HOPS_SECONDS, settings=SETTINGS, scores=SCORES)
def test_starts_and_ends_alternate_with_times_in_order(
    hop_seconds: float, settings: dict[str, Any], scores: list[float]
) -> None:
    events = run_to_the_end(hop_seconds, settings, scores)
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
def test_score_of_a_start_reaches_the_threshold(
    hop_seconds: float, settings: dict[str, Any], scores: list[float]
) -> None:
    for event in run_to_the_end(hop_seconds, settings, scores):
        if isinstance(event, EventStarted):
            assert event.score >= settings["threshold"]


@given(hop_seconds=HOPS_SECONDS, settings=SETTINGS, scores=SCORES)
def test_scores_below_the_threshold_give_no_events(
    hop_seconds: float, settings: dict[str, Any], scores: list[float]
) -> None:
    below = [score * 0.99 * settings["threshold"] for score in scores]
    assert not run_to_the_end(hop_seconds, settings, below)


@given(hop_seconds=HOPS_SECONDS, settings=SETTINGS)
def test_all_rules_can_start_and_end_an_event(hop_seconds: float, settings: dict[str, Any]) -> None:
    scores = [1.0] * int(2 + 30 / hop_seconds) + [0.0] * int(2 + 22 / hop_seconds)
    events = flute_events(scores, hop_seconds, **settings)
    assert [type(event) for event in events] == [EventStarted, EventEnded]


def test_retune_applies_from_the_next_window_and_keeps_open_events() -> None:
    tracker, (started,) = track_flute([LOW, HIGH, HIGH])
    assert isinstance(started, EventStarted)
    strict = msgspec.convert(QUICK | {"threshold": 0.99}, TrackerSettings)
    tracker.retune(rules(strict, FAMILIES, THRESHOLDS, 1.0))
    assert [event.family for event in tracker.open_events()] == ["flute"]
    events = [
        event for at in range(7, 20) for event in update(tracker, float(at), [0.7, HIGH, 0.0])
    ]
    (ended,) = events
    assert isinstance(ended, EventEnded)
    assert ended.onset == started.onset
