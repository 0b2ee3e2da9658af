"""Which passages count as recognized: tails of earlier passages do not count."""

from collections.abc import Sequence

import numpy as np
import pytest

from daemon.commands.demo.medley import Passage, read_medley
from daemon.commands.demo.verdict import Judge, Verdict, summary
from daemon.configuration.settings import Settings
from daemon.hearing.pipeline import Observation, listen
from daemon.hearing.replay import Replay
from daemon.hearing.rules import Rules
from daemon.hearing.scorer import Heard
from daemon.hearing.tracker import Event, EventEnded
from daemon.runtime.wiring import Recognizer
from tests.conftest import MEDLEY

FAMILIES = ("flute", "guitar", "keyboard", "organ")
THRESHOLD = 0.6
RULES = [Rules(THRESHOLD, 0.3, "normal", 0.0, 6.0, 0.0)] * len(FAMILIES)
GUITAR_THEN_KEYBOARD = [("guitar", 0.0, 8.0), ("keyboard", 8.5, 15.5)]


def passage(what: str, start: float, end: float) -> Passage:
    return Passage(what, "family" if what in FAMILIES else what, start, end)


def event(family: str, onset: float, ended_at: float) -> EventEnded:
    return EventEnded(family, onset, ended_at + 6, 0.1, ended_at, 0.9)


def windows(scores: dict[str, float], start: int = 4, end: int = 30) -> list[Heard]:
    """Return a window for every second in which the families have these scores."""
    row = np.array([scores.get(family, 0.0) for family in FAMILIES], np.float32)
    return [Heard(float(at), -20.0, row) for at in range(start, end)]


def judge_passages(
    truth: Sequence[tuple[str, float, float]],
    events: Sequence[EventEnded],
    heard: Sequence[Heard] = (),
) -> list[Verdict]:
    passages = [passage(*one) for one in truth]
    return Judge(passages, FAMILIES, RULES).verdicts(events, heard)


def test_passage_is_right_if_its_family_was_heard_for_half_of_it() -> None:
    guitar = [("guitar", 0.0, 10.0)]
    assert judge_passages(guitar, [event("guitar", 5, 20)])[0].right
    assert not judge_passages(guitar, [event("guitar", 6, 20)])[0].right
    assert judge_passages(guitar, [event("guitar", 0, 3), event("guitar", 7, 10)])[0].right


def test_remark_shows_best_score_of_missed_family() -> None:
    truth = [("guitar", 0.0, 10.0)]
    assert judge_passages(truth, [], windows({"guitar": 0.4}))[0].remark == (
        "guitar not heard: best score 0.31, needs 0.50"
    )
    assert judge_passages(truth, [], windows({"guitar": 0.7}))[0].remark == (
        "guitar heard too briefly for an event"
    )
    assert (
        judge_passages(truth, [event("guitar", 7, 10)])[0].remark == "guitar heard for only 3.0 s"
    )
    unknown = Judge([Passage("theremin", "family", 0, 9)], FAMILIES, RULES).verdicts([], [])[0]
    assert unknown.remark == "the model has no family theremin"


def test_wrong_family_that_begins_in_passage_is_an_error() -> None:
    verdict = judge_passages(
        [("guitar", 0.0, 10.0)], [event("guitar", 0, 10), event("organ", 2, 8)]
    )[0]
    assert not verdict.right
    assert verdict.remark == "heard organ for 6.0 s"


def test_tail_of_previous_passage_is_no_error() -> None:
    events = [event("guitar", 0, 14.5), event("keyboard", 8.5, 14.5)]
    first, second = judge_passages(GUITAR_THEN_KEYBOARD, events, windows({"guitar": 0.4}, 13))
    assert first.right
    assert second.right
    assert second.remark == "guitar lasted until 0:14.5"


def test_tail_at_the_operating_point_is_an_error() -> None:
    events = [event("guitar", 0, 14.5), event("keyboard", 8.5, 14.5)]
    verdict = judge_passages(GUITAR_THEN_KEYBOARD, events, windows({"guitar": THRESHOLD}, 13))[1]
    assert not verdict.right
    assert verdict.remark == "heard guitar for 6.0 s"


def test_window_that_contains_previous_passage_does_not_count() -> None:
    events = [event("guitar", 0, 14.5), event("keyboard", 8.5, 14.5)]
    before = windows({"guitar": 0.9}, 4, 13)  # The last one begins at 8 s, in the pause.
    assert judge_passages(GUITAR_THEN_KEYBOARD, events, before)[1].right


def test_tail_lasts_at_most_one_window_and_stop_after_seconds() -> None:
    truth = [("guitar", 0.0, 8.0), ("keyboard", 8.5, 28.5)]
    keyboard = event("keyboard", 8.5, 28.5)
    # The tail ends at 8 s + 4 s + 6 s = 18 s. After that, the guitar counts; half of the passage
    # is 10 s.
    assert judge_passages(truth, [event("guitar", 0, 27.9), keyboard])[1].right
    assert not judge_passages(truth, [event("guitar", 0, 28.1), keyboard])[1].right


def test_wrong_family_that_begins_in_pause_before_passage_is_an_error() -> None:
    events = [event("keyboard", 8.5, 15.5), event("organ", 8.1, 15.5)]
    assert not judge_passages(GUITAR_THEN_KEYBOARD, events)[1].right
    # Onsets are exact to half a window: 2 s.
    early = [event("keyboard", 8.5, 15.5), event("organ", 6.6, 15.5)]
    assert not judge_passages(GUITAR_THEN_KEYBOARD, early)[1].right


def test_wrong_family_counts_only_where_it_began() -> None:
    events = [event("guitar", 0, 8), event("organ", 3, 14), event("keyboard", 8.5, 15.5)]
    first, second = judge_passages(GUITAR_THEN_KEYBOARD, events)
    assert not first.right
    assert second.right


def test_tail_of_right_family_does_not_count_as_heard() -> None:
    truth = [("guitar", 0.0, 8.0), ("guitar", 8.5, 15.5)]
    tail = [event("guitar", 0, 15)]
    assert not judge_passages(truth, tail, windows({"guitar": 0.4}, 13))[1].right
    assert judge_passages(truth, tail, windows({"guitar": 0.8}, 13))[1].right


def test_speech_is_right_if_no_family_was_heard_for_half_of_it() -> None:
    speech = [("speech", 0.0, 4.0)]
    assert judge_passages(speech, [event("organ", 0, 1.5)])[0].right
    wrong = judge_passages(speech, [event("organ", 0, 2)])[0]
    assert not wrong.right
    assert wrong.remark == "heard organ for 2.0 s"


def test_silence_may_contain_tail_of_music() -> None:
    truth = [("guitar", 0.0, 8.0), ("silence", 8.0, 12.0)]
    assert judge_passages(truth, [event("guitar", 0, 12)])[1].right
    assert not judge_passages(truth, [event("guitar", 0, 8), event("organ", 9, 12)])[1].right


def test_overlapping_families_are_no_errors() -> None:
    truth = [("flute", 0.0, 8.0), ("keyboard", 0.0, 8.0)]
    both = judge_passages(truth, [event("flute", 0, 8), event("keyboard", 1, 8)])
    assert [verdict.right for verdict in both] == [True, True]
    one = judge_passages(truth, [event("flute", 0, 8)])
    assert [verdict.right for verdict in one] == [True, False]


def test_summary_counts_music_and_other_passages_separately() -> None:
    verdicts = judge_passages(
        [("guitar", 0.0, 8.0), ("organ", 9.0, 15.0), ("noise", 16.0, 20.0)],
        [event("guitar", 0, 8)],
    )
    assert summary(verdicts) == (
        "1 of 2 passages of music recognized, 1 of 1 without music left alone"
    )


def test_medley_matches_its_description() -> None:
    import soundfile

    truth = read_medley()
    assert len({p.what for p in truth.passages if p.is_music}) >= 6
    assert {"speech", "noise", "silence"} <= {p.kind for p in truth.passages}
    assert truth.seconds == pytest.approx(soundfile.info(MEDLEY).duration, abs=0.01)
    assert 60 <= truth.seconds <= 90
    assert max(p.end_seconds for p in truth.passages) <= truth.seconds


class RecordingObserver:
    """Keeps all windows and events."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.windows: list[Heard] = []

    def observe(self, observation: Observation) -> None:
        self.windows.append(observation.heard)
        self.events += observation.events


def test_built_in_model_recognizes_all_passages_except_harpsichord() -> None:
    from daemon.hearing.scorer import Scorer

    recognizer, kept = Recognizer(Settings()), RecordingObserver()
    tracker, player = recognizer.tracker(), Replay(str(MEDLEY), recognizer.hop_seconds)
    listen(player.windows(), Scorer(recognizer.classifier, -65.0), tracker, [kept])
    kept.events += tracker.close(player.seconds)
    ended = [e for e in kept.events if isinstance(e, EventEnded)]
    judge = Judge(read_medley().passages, recognizer.families, recognizer.rules)
    verdicts = judge.verdicts(ended, kept.windows)
    assert [v.passage.instrument for v in verdicts if not v.right] == ["harpsichord"]
    remarks = {v.passage.instrument: v.remark for v in verdicts}
    assert remarks["grand piano"].startswith("guitar lasted until 0:1")
    assert remarks["harpsichord"].startswith("keyboard not heard: best score 0.")
