"""Removes places that a box no longer has from the broker; opens no socket."""

import logging
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Protocol

import msgspec

from daemon.hub.board import Board
from daemon.hub.home_assistant.discovery import availability_of
from daemon.hub.identity import Announced, Identity, announced
from daemon.hub.messages import Message, Node, availability_topic
from daemon.hub.topics import device_topic, retained_topics

log = logging.getLogger(__name__)

# So long after the connection every retained message that was asked for has come.
_LOOK_SECONDS = 3.0


class Connection(Protocol):
    """The connection to the broker, as far as it is needed here."""

    @property
    def seconds(self) -> float:
        """How long the connection has lasted; 0 where there is none."""


class Finding(Enum):
    """What to do with a place that is no longer configured."""

    RETIRE = auto()
    """Say that it is gone and clear its topics."""

    OTHERS = auto()
    """Another box has announced it, or it may never have been ours."""

    ONLINE = auto()
    """Another box is online under the old name of this one."""

    UNKNOWN = auto()
    """The broker does not show whether another box has the old name of this one."""


class Retirement:
    """Retires the places that the identity names and `nodes` does not; a chore of the loop.

    A place whose name another box has taken is left alone. What the broker holds about the places
    comes to `take`, from any thread; `topics` are those to listen to. A place is forgotten, with
    `save`, once the broker has accepted all of it. `nodes` must not be empty. Without `discovery` a
    device is removed only where the broker shows one.
    """

    def __init__(
        self,
        identity: Identity,
        nodes: Sequence[Node],
        save: Callable[[Identity], None],
        board: Board,
        connection: Connection,
        *,
        discovery: bool,
    ) -> None:
        self._board = board
        self._connection = connection
        self._discovery = discovery
        self._identity = identity
        self._nodes = list(nodes)
        self._save = save
        self._families = nodes[0].families
        self._ours = nodes[0].availability_topic
        current = [announced(node) for node in nodes]
        here = {_place(place) for place in current}
        self._waiting = [place for place in identity.places if _place(place) not in here]
        self._clearing: dict[Announced, list[str]] = {}
        self._places = current + self._waiting
        self._seen: dict[str, bytes] = {}
        self._newest: dict[str, bytes] = {}
        # The only place of a box is not taken out while it runs.
        removable = current if len(current) > 1 else []
        places = [*self._waiting, *removable]
        self.topics = sorted({topic for place in places for topic in self._evidence(place)})
        self._has_news = self._places != list(identity.places)

    def take(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001
        """What the broker holds, or gets, on one of the topics."""
        if topic not in self.topics:
            return
        self._newest[topic] = payload
        if topic.endswith("/availability"):
            self._seen[topic] = payload
        elif retained:
            # What comes later may be our own.
            self._seen.setdefault(topic, payload)

    def retire(self, node: Node) -> None:
        """Retire a place that has been taken out while the box runs."""
        self._nodes.remove(node)
        place = announced(node)
        # Meanwhile another box may have announced it.
        device = self._device(place)
        if device in self._newest:
            self._seen[device] = self._newest[device]
        topics = [device, *retained_topics(place.topic_prefix, place.name, self._families)]
        self._board.withdraw(set(topics) - self._kept())
        self._waiting.append(place)

    def __call__(self) -> None:
        """Retire what is due, forget what is done, and save that.

        Nothing is retired until three seconds after the connection.
        """
        if self._waiting and self._connection.seconds >= _LOOK_SECONDS:
            waiting, self._waiting = self._waiting, []
            for place in waiting:
                self._decide(place)
        for place, topics in list(self._clearing.items()):
            if not self._board.is_clearing(topics):
                del self._clearing[place]
                self._forget(place)
        if self._has_news:
            self._has_news = False
            places = tuple(self._places)
            self._save(msgspec.structs.replace(self._identity, places=places))

    def _decide(self, place: Announced) -> None:
        finding = self._finding(place)
        if finding is Finding.RETIRE:
            self._retire(place)
        elif finding is Finding.ONLINE:
            # It may also be our own past that the broker has not missed yet: look again next time.
            log.warning(
                "%s was announced by this box and another Timbrel is online under that name; "
                "its topics are left alone",
                place.name,
            )
        else:
            if finding is Finding.UNKNOWN:
                log.warning(
                    "%s was announced by this box, and the broker does not show whether another "
                    "one has that name; timbrel forget %s removes it",
                    *(place.name, place.name),
                )
            self._forget(place)

    def _finding(self, place: Announced) -> Finding:
        owners = availability_of(self._seen.get(self._device(place), b""))
        own = availability_topic(place.topic_prefix, place.name)
        if place.box is not None:
            box = availability_topic(place.topic_prefix, place.box)
            if owners and box not in owners:
                return Finding.OTHERS
        elif self._ours in owners:
            box = self._ours
        elif owners in ({own}, set()):
            box = own
            if own not in self._seen:
                seen = any(topic in self._seen for topic in self._evidence(place))
                return Finding.OTHERS if seen else Finding.UNKNOWN
        else:
            return Finding.OTHERS
        if box == self._ours or self._seen.get(box) == b"offline":
            return Finding.RETIRE
        return Finding.ONLINE if self._seen.get(box) == b"online" else Finding.UNKNOWN

    def _retire(self, place: Announced) -> None:
        """Say that the place is gone, and clear the rest."""
        own = availability_topic(place.topic_prefix, place.name)
        kept = self._kept()
        if own not in kept:
            self._board.post(Message(own, b"offline", 1, retain=True))
        topics = [topic for topic in self._topics(place) if topic not in {own, *kept}]
        for topic in topics:
            self._board.post(Message(topic, b"", 1, retain=True))
        self._clearing[place] = topics
        log.info(
            "%s is no longer configured: removing its device from the hub and clearing its topics",
            place.name,
        )

    def _kept(self) -> set[str]:
        """The topics that say whether the box and its present places are there."""
        return {topic for node in self._nodes for topic in node.availability_topics}

    def _topics(self, place: Announced) -> list[str]:
        """The device first: a hub that sees its states go before it would call them unknown."""
        devices = {self._device(announced(node)) for node in self._nodes}
        device = self._device(place)
        is_announced = self._discovery or bool(self._seen.get(device))
        topics = [device] if is_announced and device not in devices else []
        if (place.topic_prefix, place.name) not in {(n.topic_prefix, n.name) for n in self._nodes}:
            topics += retained_topics(place.topic_prefix, place.name, self._families)
        return topics

    def _device(self, place: Announced) -> str:
        return device_topic(place.discovery_prefix, place.name, self._identity.id_suffix)

    def _evidence(self, place: Announced) -> list[str]:
        boxes = {place.name, place.box or place.name}
        topics = [
            self._device(place),
            *(availability_topic(place.topic_prefix, box) for box in boxes),
        ]
        return [topic for topic in topics if topic != self._ours]

    def _forget(self, place: Announced) -> None:
        self._places = [other for other in self._places if other != place]
        self._has_news = True


def _place(place: Announced) -> Announced:
    """The place whoever announced it: a box that is renamed keeps its places."""
    return msgspec.structs.replace(place, box=None)
