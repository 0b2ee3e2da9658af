"""The link's subscriptions: asked for at every connection, and again while the broker refuses."""

import math
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeAlias

from daemon.refusals import Refusals

_RETRY_SECONDS = 300.0

Subscribe: TypeAlias = Callable[[list[tuple[str, int]]], object]


class Subscriptions:
    """Topics to subscribe to with QoS 1. All of it happens on the link's thread.

    `notices` are those where nothing is wrong if the broker refuses them.
    """

    def __init__(self, topics: Sequence[str], notices: Collection[str], refusals: Refusals) -> None:
        self.topics = [*topics, *notices]
        self._notices = notices
        self._refusals = refusals
        self._asked: list[str] = []
        self._again_at = math.inf

    def begin(self, subscribe: Subscribe) -> None:
        """The broker has accepted us: subscribe to all topics."""
        self._again_at = math.inf
        self._ask(subscribe, self.topics)

    def answered(self, codes: Sequence[Any]) -> None:
        """The reason codes of the last SUBSCRIBE have come."""
        answers = list(zip(self._asked, codes, strict=False))
        failed = [topic for topic, code in answers if code.is_failure]
        self._asked = [topic for topic in failed if topic not in self._notices]
        for topic, code in answers:
            if code.is_failure and topic in self._notices:
                self._refusals.unreadable(topic, code.getName())
            elif code.is_failure:
                self._refusals.unsubscribed(topic, code.getName())
                self._again_at = time.monotonic() + _RETRY_SECONDS
            elif self._refusals.accepted(topic):
                self._refusals.over(f"our subscription to {topic}")

    def try_again(self, subscribe: Subscribe) -> None:
        """Subscribe to the refused topics once it is time."""
        if time.monotonic() >= self._again_at:
            self._again_at = math.inf
            self._ask(subscribe, self._asked)

    def due_seconds(self) -> float:
        """For how long there is nothing to do; may be infinite."""
        return max(0.0, self._again_at - time.monotonic())

    def _ask(self, subscribe: Subscribe, topics: Sequence[str]) -> None:
        self._asked = list(topics)
        if topics:
            subscribe([(topic, 1) for topic in topics])
