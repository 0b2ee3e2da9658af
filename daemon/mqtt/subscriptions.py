"""The link's subscriptions: made at every connection, and retried while the broker refuses."""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from daemon.mqtt.refusals import Refusals

_RETRY_SECONDS = 300.0
# Some brokers refuse a SUBSCRIBE with more topics.
_MOST_TOPICS = 8
# A broker may close one connection for an unrelated reason.
_SEVERAL = 2

# Sends a SUBSCRIBE; returns paho's result code, and the packet identifier if it was sent.
Subscribe: TypeAlias = Callable[[list[tuple[str, int]]], tuple[Any, int | None]]


class Subscriptions:
    """Subscriptions with QoS 1. All methods run on the link's thread.

    A refusal of an `optional` topic is logged at INFO only. If the broker closes two connections
    in a row instead of answering, the optional topics are no longer subscribed to.
    """

    def __init__(self, needed: Sequence[str], optional: Sequence[str], refusals: Refusals) -> None:
        self._needed = list(needed)
        self._optional = list(optional)
        self._refusals = refusals
        self._pending: dict[int, list[str]] = {}
        self._refused: list[str] = []
        # Optional topics of this connection that the broker has not granted yet.
        self._ungranted: set[str] = set()
        self._suspicions = 0
        self._retry_at = math.inf

    @property
    def _skips_optional(self) -> bool:
        return self._suspicions >= _SEVERAL

    def begin(self, subscribe: Subscribe) -> None:
        """Subscribe to all topics on a new connection."""
        self._retry_at = math.inf
        self._pending.clear()
        self._refused.clear()
        self._subscribe(subscribe, self._needed)
        self._ungranted = set() if self._skips_optional else set(self._optional)
        if not self._skips_optional:
            self._subscribe(subscribe, self._optional)

    def ended(self, *, by_broker: bool) -> None:
        """Record that the connection has ended.

        `by_broker`: the broker closed it soon after it had accepted us.
        """
        if not by_broker:
            return
        if self._skips_optional or not self._ungranted:
            # The optional subscriptions are not the reason.
            self._suspicions = 0
            return
        self._suspicions += 1
        if self._suspicions == _SEVERAL:
            self._refusals.optional_subscriptions_skipped(self._optional)

    def answered(self, mid: int, codes: Sequence[Any]) -> None:
        """Handle the SUBACK with packet identifier `mid` and one reason code per topic."""
        for topic, code in zip(self._pending.pop(mid, ()), codes, strict=False):
            if not code.is_failure:
                self._ungranted.discard(topic)
                if self._refusals.accepted(topic):
                    self._refusals.log_accepted(f"our subscription to {topic}")
            elif topic in self._optional:
                self._refusals.optional_subscription_refused(topic, code.getName())
            else:
                self._refusals.subscription_refused(topic, code.getName())
                self._refused.append(topic)
                self._retry_at = time.monotonic() + _RETRY_SECONDS

    def retry(self, subscribe: Subscribe) -> None:
        """Subscribe to the refused topics again if it is time."""
        if time.monotonic() >= self._retry_at:
            self._retry_at = math.inf
            refused, self._refused = self._refused, []
            self._subscribe(subscribe, refused)

    def due_seconds(self) -> float:
        """Return the seconds until `retry` has something to do; may be infinite."""
        return max(0.0, self._retry_at - time.monotonic())

    def _subscribe(self, subscribe: Subscribe, topics: Sequence[str]) -> None:
        for start in range(0, len(topics), _MOST_TOPICS):
            some = list(topics[start : start + _MOST_TOPICS])
            _, mid = subscribe([(topic, 1) for topic in some])
            if mid is not None:
                self._pending[mid] = some
