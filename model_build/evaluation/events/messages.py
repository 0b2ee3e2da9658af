"""Measure how long after the start of a passage its message comes."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from model_build.evaluation.events.replayed import Replayed
from model_build.windows.home_day import Passage

SLOW_PERCENT = 90.0


class MessageDelays(NamedTuple):
    """How long after the true start of a passage the daemon publishes its family."""

    messages: int
    """Number of passages with a message of an accepted family; the others do not count."""
    median_seconds: float | None
    """Median of the delay; None without messages."""
    slow_seconds: float | None
    """The delay that 90 % of the messages do not exceed; None without messages."""


def message_delays(recordings: Iterable[Replayed]) -> MessageDelays:
    """Return the delays over all passages of music of all recordings."""
    delays = [
        delay
        for recording in recordings
        for passage in recording.music
        if (delay := message_delay(passage, recording)) is not None
    ]
    return delays_of(delays)


def delays_of(seconds: list[float]) -> MessageDelays:
    """Return the summary of the delays of single messages."""
    if not seconds:
        return MessageDelays(0, None, None)
    median, slow = np.percentile(seconds, [50.0, SLOW_PERCENT])
    return MessageDelays(len(seconds), float(median), float(slow))


def message_delay(passage: Passage, recording: Replayed) -> float | None:
    """Return the seconds from the start of the passage to its first message.

    A message is the start of an event of an accepted family that is published within the passage.
    None if there is no message.
    """
    published = [
        event.at - passage.start_seconds
        for event in recording.started
        if event.family in passage.accepts
        and passage.start_seconds < event.at <= passage.end_seconds
    ]
    return min(published, default=None)
