"""Count false events on sound without music, and how certain the count is."""

from collections.abc import Sequence

import msgspec

from daemon.hearing.tracker import EventEnded
from model_build.evaluation.events.replayed import Replayed
from model_build.windows.home_day import Passage


class Alarms(msgspec.Struct, frozen=True):
    """False events on sound without music."""

    events: dict[str, int]
    """Number of events by the sort of sound."""
    minutes: float
    """Length of all sound together."""
    interval: tuple[float, float]
    """Confidence interval (95 %) of the mean of such a count."""
    held_seconds: float = 0.0
    """Seconds during which at least one event lasts."""

    @property
    def count(self) -> int:
        """Number of all events."""
        return sum(self.events.values())

    @property
    def an_hour(self) -> float:
        """Number of events per hour of sound."""
        return 60.0 * self.count / self.minutes


def alarms_in(recordings: Sequence[Replayed]) -> Alarms:
    """Count the events of recordings without music.

    Each event counts for the passage that it overlaps most; the passages name the sorts.
    """
    found = {passage.what: 0 for recording in recordings for passage in recording.passages}
    for recording in recordings:
        for event in recording.events:
            found[_cause(recording.passages, event)] += 1
    return Alarms(
        found,
        sum(recording.seconds for recording in recordings) / 60.0,
        poisson_interval(sum(found.values())),
        sum(map(_held_seconds, recordings)),
    )


def poisson_interval(count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact confidence interval of a Poisson mean, Garwood (1936).

    `count` is the number of events that were observed.
    """
    from scipy.stats import chi2

    tail = (1.0 - confidence) / 2.0
    low = float(chi2.ppf(tail, 2 * count)) / 2.0 if count else 0.0
    return low, float(chi2.ppf(1.0 - tail, 2 * (count + 1))) / 2.0


def _cause(passages: Sequence[Passage], event: EventEnded) -> str:
    """Return the sort of the passage that the event overlaps most, or else of the nearest one."""
    return max(passages, key=lambda passage: _overlap_seconds(passage, event)).what


def _overlap_seconds(passage: Passage, event: EventEnded) -> float:
    """Return the length of the overlap; minus the length of the gap if there is none."""
    return min(passage.end_seconds, event.ended_at) - max(passage.start_seconds, event.onset)


def _held_seconds(recording: Replayed) -> float:
    """Return how much of the recording is covered by at least one event."""
    held, until = 0.0, 0.0
    for event in sorted(recording.events, key=lambda event: event.onset):
        end = min(event.ended_at, recording.seconds)
        held += max(0.0, end - max(event.onset, until))
        until = max(until, end)
    return held
