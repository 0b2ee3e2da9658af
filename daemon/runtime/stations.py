"""The listening places of one box: made together, commanded, reloaded, and taken out."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from daemon.configuration.settings import Settings, SourceSettings
from daemon.hub.board import Board
from daemon.hub.messages import Node
from daemon.mqtt.outbox.outbox import Outbox
from daemon.runtime.station import Station
from daemon.runtime.wakeup import Wakeup
from daemon.runtime.wiring import Recognizer
from daemon.sound.source import Device

if TYPE_CHECKING:
    from daemon.runtime.place import Place


class Stations:
    """At least one station; `wakeup` has the loop `attend`.

    `take` may be called from any thread, the rest from the loop's.
    """

    def __init__(self, stations: Sequence[Station], recognizer: Recognizer, wakeup: Wakeup) -> None:
        self._recognizer = recognizer
        self._wakeup = wakeup
        self._all = list(stations)
        self.places: list[Place] = [station.place for station in stations]
        """Their places; it changes when one is taken out."""

    def __iter__(self) -> Iterator[Station]:
        return iter(list(self._all))

    @property
    def nodes(self) -> list[Node]:
        """Their nodes."""
        return [station.node for station in self]

    @property
    def availability_topics(self) -> set[str]:
        """The box's and those of its places."""
        return {topic for node in self.nodes for topic in node.availability_topics}

    @property
    def topics(self) -> list[str]:
        """Where their commands come in."""
        return [topic for station in self for topic in station.topics]

    def begin(self, *, discovery: bool) -> None:
        """Announce the nodes, and put in force what their hub chose earlier."""
        for station in self:
            station.begin(discovery=discovery)

    def take(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001
        """Queue a command."""
        if any(station.inbox.take(topic, payload, retained) for station in self):
            self._wakeup.wake()

    def attend(self) -> None:
        """Carry out what the hub has commanded; a chore of the loop."""
        for station in self:
            station.attend()

    def reload(self, settings: Settings) -> list[Node]:
        """Judge by other settings from the next window on.

        Places that are no longer configured are closed, as long as one is left; returns their
        nodes. Raises InputError for settings that cannot work.
        """
        self._recognizer.rules = self._recognizer.rules_of(settings.tracker)
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
        """Wait until what is to be remembered is on the disk."""
        for station in self:
            station.close()


def stations_of(
    settings: Settings,
    recognizer: Recognizer,
    id_suffix: str,
    *,
    board: Board,
    outbox: Outbox,
    wakeup: Wakeup,
    make_device: Callable[[SourceSettings], Device],
) -> Stations:
    """A station for each of the configured places, nothing begun yet."""
    every = [
        Station(
            *(settings, source, recognizer, id_suffix),
            board=board,
            outbox=outbox,
            device=make_device(source),
            wakeup=wakeup,
        )
        for source in settings.places
    ]
    return Stations(every, recognizer, wakeup)
