"""The demo's verdicts: which passages of the medley were recognized, and why others were not.

A family counts as heard in a passage if its events cover at least half of it, without their tails.
A passage of music is right if its family was heard and no other family was, except the families of
overlapping passages. A passage of speech, noise or silence is right if no family was heard.

A tail is the time for which an event of an earlier passage continues into this one. It has two
causes: a 4 s window still contains some of the earlier sound, and the tracker waits
`stop_after_seconds` before it ends an event. An event's time in a passage is a tail if:

- the event began before the passage. Onsets are exact to half a window, so an event that began
  less than 2 s before the passage counts as begun in it; and
- the time is at most one window and `stop_after_seconds` after the end of the passage in which the
  event began; and
- no window that lies completely in this passage has a score of the family at or above its
  operating point. Then only the lower threshold for open events has kept the event open.

So a wrong family that begins in a passage, or reaches its operating point there, makes that passage
wrong. A right family does not count in a passage into which only its tail reaches.
"""

from collections.abc import Sequence
from typing import NamedTuple

from daemon.commands.demo.medley import Passage
from daemon.commands.terminal import format_time
from daemon.hearing.rules import Rules
from daemon.hearing.scorer import Heard
from daemon.hearing.shown_scores import OPERATING_POINT, ShownScores
from daemon.hearing.tracker import EventEnded
from daemon.sound.window import WINDOW_SECONDS

_ONSET_SECONDS = WINDOW_SECONDS / 2


class Verdict(NamedTuple):
    """The judgement of one passage."""

    passage: Passage
    """The passage."""
    right: bool
    """True if the passage was recognized correctly."""
    remark: str
    """One line: why it is wrong, or which long tails there were; may be empty."""


class Judge:
    """Compares the events with the passages; `rules` are those of the `families`, in order."""

    def __init__(
        self, passages: Sequence[Passage], families: Sequence[str], rules: Sequence[Rules]
    ) -> None:
        self._passages = passages
        self._families = families
        self._rules = dict(zip(families, rules, strict=True))
        self._shown = ShownScores(families, [rule.threshold for rule in rules])

    def verdicts(self, events: Sequence[EventEnded], windows: Sequence[Heard]) -> list[Verdict]:
        """Return one verdict per passage, from all events and all windows of the medley."""
        return [self._verdict(passage, events, windows) for passage in self._passages]

    def _verdict(
        self, passage: Passage, events: Sequence[EventEnded], windows: Sequence[Heard]
    ) -> Verdict:
        best = self._best_scores(passage, windows)
        heard: dict[str, float] = {}
        tails: dict[str, float] = {}
        for event in events:
            tail = self._tail_seconds(passage, event, best)
            _add(tails, event.family, tail)
            _add(heard, event.family, _overlap_seconds(passage, event) - tail)
        named = {f: s for f, s in heard.items() if s >= passage.seconds / 2}
        others = [f for f in named if f not in {passage.what, *self._overlapping_families(passage)}]
        if passage.is_music and passage.what not in named:
            missed = self._describe_missed(passage.what, heard, best)
            return Verdict(
                passage, right=False, remark="; ".join([missed, *_describe_heard(others, heard)])
            )
        if others:
            return Verdict(passage, right=False, remark="; ".join(_describe_heard(others, heard)))
        return Verdict(passage, right=True, remark=_describe_tails(tails, passage))

    def _best_scores(self, passage: Passage, windows: Sequence[Heard]) -> dict[str, float]:
        """Return each family's highest score in the windows that lie completely in the passage."""
        within = [
            window.scores
            for window in windows
            if window.ended_at - WINDOW_SECONDS >= passage.start_seconds
            and window.ended_at <= passage.end_seconds
        ]
        return {
            family: max((float(scores[index]) for scores in within), default=0.0)
            for index, family in enumerate(self._families)
        }

    def _tail_seconds(self, passage: Passage, event: EventEnded, best: dict[str, float]) -> float:
        """Return how many seconds of the event are a tail of an earlier passage."""
        rules = self._rules[event.family]
        began_before = event.onset < passage.start_seconds - _ONSET_SECONDS
        if not began_before or best[event.family] >= rules.threshold:
            return 0.0
        begun = [
            p.end_seconds for p in self._passages if p.start_seconds <= event.onset + _ONSET_SECONDS
        ]
        until = max(begun, default=0.0) + WINDOW_SECONDS + rules.stop_after_seconds
        return max(0.0, min(passage.end_seconds, event.ended_at, until) - passage.start_seconds)

    def _overlapping_families(self, passage: Passage) -> set[str]:
        return {
            other.what
            for other in self._passages
            if other.start_seconds < passage.end_seconds
            and passage.start_seconds < other.end_seconds
        }

    def _describe_missed(self, family: str, heard: dict[str, float], best: dict[str, float]) -> str:
        if family not in self._rules:
            return f"the model has no family {family}"
        if family in heard:
            return f"{family} heard for only {heard[family]:.1f} s"
        if best[family] >= self._rules[family].threshold:
            return f"{family} heard too briefly for an event"
        score = self._shown.of(family, best[family])
        return f"{family} not heard: best score {score:.2f}, needs {OPERATING_POINT:.2f}"


def summary(verdicts: Sequence[Verdict]) -> str:
    """Return how many passages were recognized, in one line."""
    music = [v for v in verdicts if v.passage.is_music]
    calm = [v for v in verdicts if not v.passage.is_music]
    return (
        f"{sum(v.right for v in music)} of {len(music)} passages of music recognized, "
        f"{sum(v.right for v in calm)} of {len(calm)} without music left alone"
    )


def _overlap_seconds(passage: Passage, event: EventEnded) -> float:
    return max(
        0.0,
        min(passage.end_seconds, event.ended_at) - max(passage.start_seconds, event.onset),
    )


def _add(totals: dict[str, float], family: str, seconds: float) -> None:
    if seconds > 0.0:
        totals[family] = totals.get(family, 0.0) + seconds


def _describe_heard(families: Sequence[str], seconds: dict[str, float]) -> list[str]:
    return [f"heard {family} for {seconds[family]:.1f} s" for family in families]


def _describe_tails(tails: dict[str, float], passage: Passage) -> str:
    """Return a remark about long tails, during which a light for that family would still be on."""
    return ", ".join(
        f"{family} lasted until {format_time(passage.start_seconds + seconds)}"
        for family, seconds in tails.items()
        if seconds >= passage.seconds / 2
    )
