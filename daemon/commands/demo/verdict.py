"""The demo's verdict: which passages of the medley were named right, and why the others were not.

A family was heard in a passage when its events last for at least half of it, tails not counted. A
passage of music is right when its family was heard and no other was, except families that other
passages hold at the same time. A passage of speech, noise or silence is right when no family was
heard.

A tail is how an event of an earlier passage rings on into this one: a 4 s window still holds some
of the earlier sound, and the tracker waits `stop_after_seconds` before it ends an event. An event's
time in a passage is a tail when all of this holds:

- the event began before the passage. Onsets are exact to half a window, so an event that began
  less than 2 s before the passage counts as begun in it;
- it is at most one window and `stop_after_seconds` after the end of the passage in which the
  event began;
- no window that lies wholly in this passage scores the family at its operating point: only the
  lower threshold for open events, which starts nothing, kept the event open.

So a wrong family that begins in a passage, or is heard at its operating point there, is an error of
that passage; and a right family does not count for a passage into which it only rings on.
"""

from collections.abc import Sequence
from typing import NamedTuple

from daemon.commands.demo.medley import Passage
from daemon.commands.terminal import clock
from daemon.hearing.rules import Rules
from daemon.hearing.scorer import Heard
from daemon.hearing.tracker import EventEnded
from daemon.sound.window import WINDOW_SECONDS

_ONSET_SECONDS = WINDOW_SECONDS / 2


class Verdict(NamedTuple):
    """Whether a passage was named right; `remark` says in one line why not, or what rang on."""

    passage: Passage
    right: bool
    remark: str


class Judge:
    """Compares what was heard with the truth. `rules` are those of the `families`, in order."""

    def __init__(
        self, truth: Sequence[Passage], families: Sequence[str], rules: Sequence[Rules]
    ) -> None:
        self._truth = truth
        self._families = families
        self._rules = dict(zip(families, rules, strict=True))

    def verdicts(self, events: Sequence[EventEnded], windows: Sequence[Heard]) -> list[Verdict]:
        """One verdict a passage, from all events and all windows; times in seconds of the sound."""
        return [self._verdict(passage, events, windows) for passage in self._truth]

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
        others = [f for f in named if f not in {passage.what, *self._at_once(passage)}]
        if passage.is_music and passage.what not in named:
            missed = self._missed(passage.what, heard, best)
            return Verdict(passage, right=False, remark="; ".join([missed, *_heard(others, heard)]))
        if others:
            return Verdict(passage, right=False, remark="; ".join(_heard(others, heard)))
        return Verdict(passage, right=True, remark=_rang_on(tails, passage))

    def _best_scores(self, passage: Passage, windows: Sequence[Heard]) -> dict[str, float]:
        """Each family's highest score in the windows that lie wholly in the passage."""
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
        """For how long the event of an earlier passage merely rings on into this one."""
        rules = self._rules[event.family]
        began_before = event.onset < passage.start_seconds - _ONSET_SECONDS
        if not began_before or best[event.family] >= rules.threshold:
            return 0.0
        begun = [
            p.end_seconds for p in self._truth if p.start_seconds <= event.onset + _ONSET_SECONDS
        ]
        until = max(begun, default=0.0) + WINDOW_SECONDS + rules.stop_after_seconds
        return max(0.0, min(passage.end_seconds, event.ended_at, until) - passage.start_seconds)

    def _at_once(self, passage: Passage) -> set[str]:
        return {
            other.what
            for other in self._truth
            if other.start_seconds < passage.end_seconds
            and passage.start_seconds < other.end_seconds
        }

    def _missed(self, family: str, heard: dict[str, float], best: dict[str, float]) -> str:
        if family not in self._rules:
            return f"the model does not know {family}"
        if family in heard:
            return f"{family} heard for {heard[family]:.1f} s only"
        threshold = self._rules[family].threshold
        if best[family] >= threshold:
            return f"{family} heard too briefly for an event"
        return f"{family} not heard: best score {best[family]:.2f}, needs {threshold:.2f}"


def summary(verdicts: Sequence[Verdict]) -> str:
    """How many passages were right, in one line."""
    music = [v for v in verdicts if v.passage.is_music]
    calm = [v for v in verdicts if not v.passage.is_music]
    return (
        f"{sum(v.right for v in music)} of {len(music)} passages of music named right, "
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


def _heard(families: Sequence[str], seconds: dict[str, float]) -> list[str]:
    return [f"heard {family} for {seconds[family]:.1f} s" for family in families]


def _rang_on(tails: dict[str, float], passage: Passage) -> str:
    """Long tails are worth a word: the light of that family was still on."""
    return ", ".join(
        f"{family} rang on until {clock(passage.start_seconds + seconds)}"
        for family, seconds in tails.items()
        if seconds >= passage.seconds / 2
    )
