"""The newest retained message of every topic: what the hub should know now."""

import threading
from collections.abc import Callable, Iterable

from daemon.hub.messages import Message


class Board:
    """Retained messages, in the order in which their topics were first posted; thread-safe.

    The outbox does the same for events. Whoever delivers the messages learns through `follow` which
    topics were posted, and reads their newest messages when it sends them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: dict[str, Message] = {}
        self._told: list[Callable[[str], None]] = []

    def follow(self, told: Callable[[str], None]) -> None:
        """Call `told` with the topic of each message posted from now on, on the poster's thread."""
        self._told.append(told)

    def post(self, message: Message) -> None:
        """Replace the topic's message; an empty payload clears the topic at the broker."""
        with self._lock:
            self._newest[message.topic] = message
        for told in self._told:
            told(message.topic)

    def withdraw(self, topics: Iterable[str]) -> None:
        """Remove the topics from the board; what the broker holds stays."""
        with self._lock:
            for topic in topics:
                self._newest.pop(topic, None)

    def cleared(self, message: Message) -> None:
        """Remove a topic that the broker has cleared; somebody else may use it later."""
        with self._lock:
            if self._newest.get(message.topic) == message:
                del self._newest[message.topic]

    def newest(self, topic: str) -> Message | None:
        """The topic's message; None where there is none."""
        return self._newest.get(topic)

    def topics(self) -> list[str]:
        """Every topic with a message, in order."""
        with self._lock:
            return list(self._newest)

    def is_clearing(self, topics: Iterable[str]) -> bool:
        """Whether the broker has not yet accepted an empty message on one of the topics."""
        found = (self.newest(topic) for topic in topics)
        return any(message is not None and not message.payload for message in found)
