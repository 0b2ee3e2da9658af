"""Removes places that a box no longer has from the broker."""

import logging
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Protocol

import msgspec

from daemon.hub.board import Board
from daemon.hub.home_assistant.discovery import availability_of
from daemon.hub.identity import AnnouncedPlace, Identity, announced_place
from daemon.hub.messages import Message, Node, availability_topic
from daemon.hub.topics import device_topic, retained_topics

log = logging.getLogger(__name__)

# By this time after connecting, all retained messages subscribed to have arrived.
_LOOK_SECONDS = 3.0


class Connection(Protocol):
    """The connection to the broker."""

    @property
    def seconds(self) -> float:
        """Seconds since the broker accepted the connection; 0 while there is none."""


class Finding(Enum):
    """What to do with a place that is no longer configured."""

    RETIRE = auto()
    """Publish that it is offline and clear its topics."""

    OTHERS = auto()
    """Leave it alone: another box has announced it, or this box may never have."""

    ONLINE = auto()
    """Leave it alone for now: another box is online under this box's old name."""

    UNKNOWN = auto()
    """Leave it alone: the broker does not show if another box has this box's old name."""


class Retirement:
    """Retires the places that the identity lists and `nodes` does not; a chore of the loop.

    A place whose name another box uses now is left alone. Subscribe to `topics` and pass their
    messages to `take`, from any thread. Once the broker has accepted all messages, the place is
    removed from the identity, which goes to `save`. `nodes` must not be empty. Without `discovery`,
    a device is removed only if the broker has one.
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
        self._slugs = [nodes[0].slug(family) for family in nodes[0].families]
        self._ours = nodes[0].availability_topic
        current = [announced_place(node) for node in nodes]
        here = {_place(place) for place in current}
        self._waiting = [place for place in identity.places if _place(place) not in here]
        self._clearing: dict[AnnouncedPlace, list[str]] = {}
        self._places = current + self._waiting
        self._seen: dict[str, bytes] = {}
        self._newest: dict[str, bytes] = {}
        # The only place of a box is never removed while it runs.
        removable = current if len(current) > 1 else []
        places = [*self._waiting, *removable]
        self.topics = sorted({topic for place in places for topic in self._evidence(place)})
        self._is_unsaved = self._places != list(identity.places)

    def take(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001
        """Note a message on one of `topics`; other topics are ignored."""
        if topic not in self.topics:
            return
        self._newest[topic] = payload
        if topic.endswith("/availability"):
            self._seen[topic] = payload
        elif retained:
            # Only the first one: later ones may be our own.
            self._seen.setdefault(topic, payload)

    def retire(self, node: Node) -> None:
        """Retire a place that was removed from the configuration while the box runs."""
        self._nodes.remove(node)
        place = announced_place(node)
        # Another box may have announced it in the meantime.
        device = self._device(place)
        if device in self._newest:
            self._seen[device] = self._newest[device]
        topics = [device, *retained_topics(place.topic_prefix, place.name, self._slugs)]
        self._board.withdraw(set(topics) - self._kept())
        self._waiting.append(place)

    def __call__(self) -> None:
        """Retire waiting places, remove retired ones from the identity, and save it.

        Places wait until the connection has lasted three seconds.
        """
        if self._waiting and self._connection.seconds >= _LOOK_SECONDS:
            waiting, self._waiting = self._waiting, []
            for place in waiting:
                self._decide(place)
        for place, topics in list(self._clearing.items()):
            if not self._board.is_clearing(topics):
                del self._clearing[place]
                self._forget(place)
        if self._is_unsaved:
            self._is_unsaved = False
            places = tuple(self._places)
            self._save(msgspec.structs.replace(self._identity, places=places))

    def _decide(self, place: AnnouncedPlace) -> None:
        finding = self._finding(place)
        if finding is Finding.RETIRE:
            self._retire(place)
        elif finding is Finding.ONLINE:
            # It may also be an earlier run of this box whose will is still to come. The place stays
            # in the identity, so that the next start looks again.
            log.warning(
                "%s was announced by this box and another Timbrel is online under that name; "
                "its topics are left alone",
                place.name,
            )
        else:
            if finding is Finding.UNKNOWN:
                log.warning(
                    "%s was announced by this box, and the broker does not show whether another "
                    "box uses that name; timbrel forget %s removes it",
                    *(place.name, place.name),
                )
            self._forget(place)

    def _finding(self, place: AnnouncedPlace) -> Finding:
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

    def _retire(self, place: AnnouncedPlace) -> None:
        """Publish that the place is offline, and clear its other topics."""
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
        """Return the availability topics of the box and its current places."""
        return {topic for node in self._nodes for topic in node.availability_topics}

    def _topics(self, place: AnnouncedPlace) -> list[str]:
        """Return the topics to clear, the device first.

        If its states were cleared first, the hub would show them as unknown.
        """
        devices = {self._device(announced_place(node)) for node in self._nodes}
        device = self._device(place)
        is_announced = self._discovery or bool(self._seen.get(device))
        topics = [device] if is_announced and device not in devices else []
        if (place.topic_prefix, place.name) not in {(n.topic_prefix, n.name) for n in self._nodes}:
            topics += retained_topics(place.topic_prefix, place.name, self._slugs)
        return topics

    def _device(self, place: AnnouncedPlace) -> str:
        return device_topic(place.discovery_prefix, place.name, self._identity.id_suffix)

    def _evidence(self, place: AnnouncedPlace) -> list[str]:
        boxes = {place.name, place.box or place.name}
        topics = [
            self._device(place),
            *(availability_topic(place.topic_prefix, box) for box in boxes),
        ]
        return [topic for topic in topics if topic != self._ours]

    def _forget(self, place: AnnouncedPlace) -> None:
        self._places = [other for other in self._places if other != place]
        self._is_unsaved = True


def _place(place: AnnouncedPlace) -> AnnouncedPlace:
    """Return the place without its box: a renamed box keeps its places."""
    return msgspec.structs.replace(place, box=None)
