"""Publishes the state of all places to the service manager, the hub and HTTP."""

import operator
import time
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from daemon.counters import Counters
from daemon.hub.changes import ChangeFilter
from daemon.mqtt.link import Link
from daemon.mqtt.outbox.outbox import Outbox
from daemon.runtime.place import Place
from daemon.runtime.status import status_line
from daemon.system import systemd
from daemon.web.health import Health, NodeHealth


class Report:
    """Publishes status and counters to the service manager and the hub; a chore of the loop.

    `counters` and `health` may be called from any thread.
    """

    def __init__(self, places: Sequence[Place], link: Link, outbox: Outbox) -> None:
        self._places = places
        self._link = link
        self._outbox = outbox
        self._is_ready = False
        self._turned_at = time.monotonic()
        self._status = ChangeFilter[str](operator.ne)

    def counters(self) -> Mapping[str, Counters]:
        """Return the counters of each node, by name, including the broker's."""
        refusals = self._link.connection.refusals
        of_broker = {
            "reconnects": max(0, self._link.connection.count - 1),
            "queued": self._outbox.waiting,
            "dropped": self._outbox.dropped,
            "refused": refusals.count,
            "refusing": refusals.kinds,
        }
        return {place.name: replace(place.counters, **of_broker) for place in list(self._places)}

    def health(self) -> Health:
        """Return the current state of the places, the loop and the broker's connection."""
        counters = self.counters()
        nodes = {
            place.name: NodeHealth(place.status.state, place.status.reason, counters[place.name])
            for place in list(self._places)
            if place.name in counters
        }
        return Health(nodes, self._turned_at, self._link.connection.state)

    def __call__(self) -> None:
        """Publish changed status and counters; raises FailedError if the link's thread has died."""
        self._link.check_thread()
        self._turned_at = time.monotonic()
        self._publish_status()
        counters = self.counters()
        for place in self._places:
            place.publish_diagnostics(counters[place.name])

    def _publish_status(self) -> None:
        text = status_line(self._places, self._turned_at, self._link.connection.state)
        if not self._status.is_due(text, self._turned_at):
            return
        if self._is_ready:
            systemd.status(text)
        elif all(place.is_settled for place in self._places):
            self._is_ready = True
            systemd.ready(text)
        else:
            return
        self._status.published(text, self._turned_at)
