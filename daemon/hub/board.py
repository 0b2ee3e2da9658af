"""The newest message of every topic of states."""

import threading
from collections.abc import Callable, Iterable

from daemon.hub.messages import Message


class Board:
    """Retained messages, in the order in which their topics were first posted; thread-safe.

    The counterpart of the outbox, which holds events. A message that is not retained is for those
    who listen now: it is not in `topics`, so that it is never sent again. A function added with
    `follow` gets the topic of each posted message; the topic's newest message is read when it is
    sent.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: dict[str, Message] = {}
        self._followers: list[Callable[[str], None]] = []

    def follow(self, follower: Callable[[str], None]) -> None:
        """Call `follower` with the topic of each message posted from now on, in its thread."""
        self._followers.append(follower)

    def post(self, message: Message) -> None:
        """Replace the topic's message; an empty payload clears the topic at the broker."""
        with self._lock:
            self._newest[message.topic] = message
        for follower in self._followers:
            follower(message.topic)

    def withdraw(self, topics: Iterable[str]) -> None:
        """Remove the topics from the board; their messages stay at the broker."""
        with self._lock:
            for topic in topics:
                self._newest.pop(topic, None)

    def cleared(self, message: Message) -> None:
        """Remove a topic once the broker has accepted its empty `message`.

        Another client may use the topic later.
        """
        with self._lock:
            if self._newest.get(message.topic) == message:
                del self._newest[message.topic]

    def newest(self, topic: str) -> Message | None:
        """Return the topic's message, or None if there is none."""
        return self._newest.get(topic)

    def topics(self) -> list[str]:
        """Return every topic with a retained message, in order."""
        with self._lock:
            return [topic for topic, message in self._newest.items() if message.retain]

    def is_clearing(self, topics: Iterable[str]) -> bool:
        """Return True if the broker has not yet accepted an empty message on one of the topics."""
        found = (self.newest(topic) for topic in topics)
        return any(message is not None and not message.payload for message in found)
