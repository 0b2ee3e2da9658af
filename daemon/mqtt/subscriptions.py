"""The link's subscriptions: asked for at every connection, and again while the broker refuses."""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from daemon.mqtt.refusals import Refusals

_RETRY_SECONDS = 300.0
# Some brokers refuse a SUBSCRIBE with more topics.
_MOST_TOPICS = 8
# The broker may close one connection for another reason.
_SEVERAL = 2

# Sends a SUBSCRIBE; returns paho's result code, and the packet identifier where it was sent.
Subscribe: TypeAlias = Callable[[list[tuple[str, int]]], tuple[Any, int | None]]


class Subscriptions:
    """Topics to subscribe to with QoS 1. All of it happens on the link's thread.

    `notices` are optional: a refusal is logged at INFO only, and a broker that closes the
    connection instead is no longer asked for them.
    """

    def __init__(self, topics: Sequence[str], notices: Sequence[str], refusals: Refusals) -> None:
        self.topics = [*topics, *notices]
        self._needed = list(topics)
        self._notices = list(notices)
        self._refusals = refusals
        self._asked: dict[int, list[str]] = {}
        self._refused: list[str] = []
        self._unread: set[str] = set()
        self._suspicions = 0
        self._again_at = math.inf

    @property
    def _leaves_notices_out(self) -> bool:
        return self._suspicions >= _SEVERAL

    def begin(self, subscribe: Subscribe) -> None:
        """The broker has accepted us: subscribe to all topics."""
        self._again_at = math.inf
        self._asked.clear()
        self._refused.clear()
        self._ask(subscribe, self._needed)
        self._unread = set() if self._leaves_notices_out else set(self._notices)
        if not self._leaves_notices_out:
            self._ask(subscribe, self._notices)

    def ended(self, *, by_broker: bool) -> None:
        """The connection has ended; `by_broker`: the broker closed it soon after it accepted us."""
        if not by_broker:
            return
        if self._leaves_notices_out or not self._unread:
            # The optional subscriptions are not the reason.
            self._suspicions = 0
            return
        self._suspicions += 1
        if self._suspicions == _SEVERAL:
            self._refusals.left_out(self._notices)

    def answered(self, mid: int, codes: Sequence[Any]) -> None:
        """The reason codes for the SUBSCRIBE with this packet identifier have come."""
        for topic, code in zip(self._asked.pop(mid, ()), codes, strict=False):
            if not code.is_failure:
                self._unread.discard(topic)
                if self._refusals.accepted(topic):
                    self._refusals.over(f"our subscription to {topic}")
            elif topic in self._notices:
                self._refusals.unreadable(topic, code.getName())
            else:
                self._refusals.unsubscribed(topic, code.getName())
                self._refused.append(topic)
                self._again_at = time.monotonic() + _RETRY_SECONDS

    def try_again(self, subscribe: Subscribe) -> None:
        """Subscribe to the refused topics once it is time."""
        if time.monotonic() >= self._again_at:
            self._again_at = math.inf
            refused, self._refused = self._refused, []
            self._ask(subscribe, refused)

    def due_seconds(self) -> float:
        """For how long there is nothing to do; may be infinite."""
        return max(0.0, self._again_at - time.monotonic())

    def _ask(self, subscribe: Subscribe, topics: Sequence[str]) -> None:
        for start in range(0, len(topics), _MOST_TOPICS):
            some = list(topics[start : start + _MOST_TOPICS])
            _, mid = subscribe([(topic, 1) for topic in some])
            if mid is not None:
                self._asked[mid] = some
