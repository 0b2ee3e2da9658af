"""All listening places of one box: created, commanded, reloaded and removed together."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from daemon.configuration.settings import Settings, SourceSettings
from daemon.hub.board import Board
from daemon.hub.messages import Node
from daemon.mqtt.outbox.outbox import Outbox
from daemon.practice.history.history import History
from daemon.runtime.station import Station
from daemon.runtime.wakeup import Wakeup
from daemon.runtime.wiring import Recognizer
from daemon.sound.source import Device

if TYPE_CHECKING:
    from daemon.runtime.place import Place


class Stations:
    """At least one station; a queued command wakes the loop, which calls `carry_out`.

    Any thread may call `take`, iterate and read `nodes`; all other methods are for the loop's only.
    """

    def __init__(self, stations: Sequence[Station], recognizer: Recognizer, wakeup: Wakeup) -> None:
        self._recognizer = recognizer
        self._wakeup = wakeup
        self._all = list(stations)
        self.places: list[Place] = [station.place for station in stations]
        """The stations' places; the list shrinks when one is removed."""

    def __iter__(self) -> Iterator[Station]:
        return iter(list(self._all))

    @property
    def nodes(self) -> list[Node]:
        """The stations' nodes."""
        return [station.node for station in self]

    @property
    def availability_topics(self) -> set[str]:
        """The availability topics of the box and of its places."""
        return {topic for node in self.nodes for topic in node.availability_topics}

    @property
    def topics(self) -> list[str]:
        """The command topics to subscribe to."""
        return [topic for station in self for topic in station.topics]

    def begin(self, *, discovery: bool) -> None:
        """Announce the nodes, and apply the values that the hub set earlier."""
        for station in self:
            station.begin(discovery=discovery)

    def take(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001
        """Queue a message of a command topic; other messages are ignored."""
        if any(station.inbox.take(topic, payload, retained) for station in self):
            self._wakeup.wake()

    def carry_out(self) -> None:
        """Carry out queued commands; a chore of the loop."""
        for station in self:
            station.carry_out()

    def reload(self, settings: Settings) -> list[Node]:
        """Apply reloaded settings from the next window on.

        Closes the places that are no longer configured, unless none would be left, and returns
        their nodes. Raises InputError if the settings cannot work.
        """
        self._recognizer.use_rules(self._recognizer.rules_of(settings.tracker))
        for station in self:
            station.reload(settings)
        names = {source.name for source in settings.places}
        gone = [station for station in self if station.node.name not in names]
        if len(gone) == len(self._all):
            return []
        for station in gone:
            self._all.remove(station)
            self.places.remove(station.place)
            station.place.end()
            station.close()
        return [station.node for station in gone]

    def close(self) -> None:
        """Save the last changes and wait until they are on disk."""
        for station in self:
            station.close()


def stations_of(
    settings: Settings,
    recognizer: Recognizer,
    id_suffix: str,
    *,
    board: Board,
    outbox: Outbox,
    history: History,
    wakeup: Wakeup,
    make_device: Callable[[SourceSettings], Device],
) -> Stations:
    """Return a station, not begun yet, for each configured place."""
    every = [
        Station(
            *(settings, source, recognizer, id_suffix),
            board=board,
            outbox=outbox,
            history=history,
            device=make_device(source),
            wakeup=wakeup,
        )
        for source in settings.places
    ]
    return Stations(every, recognizer, wakeup)
