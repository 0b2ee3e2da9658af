"""`timbrel run`: listen at every place and tell the hub, for ever."""

import logging
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from daemon import __version__, systemd
from daemon.commands import summary
from daemon.commands.station import Station
from daemon.commands.wiring import DeviceOf, Ears, device_of, link_to, outbox_of
from daemon.counters import Counters
from daemon.exposed import exposed
from daemon.garbage import Garbage
from daemon.health import Health, NodeHealth, serve
from daemon.home_assistant import Message
from daemon.identity import identity_note, read_identity
from daemon.listener import Listener
from daemon.outbox import Outbox
from daemon.place import Place
from daemon.portaudio import PortAudio
from daemon.reload import Reload, reload_on_signal
from daemon.retirement import Retirement
from daemon.settings import Settings, read_password
from daemon.state import state_directory
from daemon.status import status
from daemon.stop import stop_on_signals

if TYPE_CHECKING:
    from daemon.mqtt import Link

log = logging.getLogger(__name__)


def run(settings: Settings, config: Path | None = None, make_device: DeviceOf | None = None) -> int:
    """Listen until a signal asks to stop; SIGHUP has the `config` read again.

    Raises InputError for settings that cannot work, FailedError when only a new process can help.
    """
    from daemon.mqtt import Commands

    ears = Ears(settings)
    outbox = outbox_of(settings)
    folder = state_directory(settings.state.directory)
    identity = read_identity(folder, settings.mqtt)
    stations = [Station(settings, source, ears, identity.id_suffix) for source in settings.places]
    remembered = identity_note(folder)
    retirement = Retirement(identity, [station.node for station in stations], remembered.write)
    changed = threading.Condition()
    make_device = make_device or partial(device_of, stall_seconds=settings.audio.stall_seconds)

    def take(topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001
        if any(station.console.take(topic, payload, retained) for station in list(stations)):
            wake()

    def wake() -> None:
        listener.wake()

    # Once: a pipe gives it once.
    password = read_password(settings.mqtt)
    link = link_to(
        settings,
        stations[0].node,
        outbox,
        lambda: _greeting(stations, discovery=settings.mqtt.discovery),
        Commands([topic for station in stations for topic in station.topics], take),
        password=password,
        notices=Commands(retirement.topics, retirement.take),
    )
    _introduce(settings, config, ears, has_password=password is not None)
    with PortAudio() as portaudio, stop_on_signals() as stop:
        for station, source in zip(stations, settings.places, strict=True):
            device = make_device(source, portaudio, changed)
            station.equip(link.publish, outbox, device, changed, wake)
        places = [station.place for station in stations]

        def follow(new: Settings) -> None:
            _follow(new, ears, stations)
            for station in _taken_out(new, stations):
                stations.remove(station)
                places.remove(station.place)
                station.place.end()
                station.close()
                retirement.retire(station.node, link)

        def attend() -> None:
            for station in stations:
                station.attend()

        reload = Reload(config, settings, follow)
        report = Report(places, link, outbox)
        retire = partial(retirement, link)
        listener = Listener(places, changed, [attend, reload, retire, report, Garbage()])
        with (
            serve(settings.health.port, report.health),
            outbox,
            link,
            reload_on_signal(reload, listener.wake, stop),
        ):
            try:
                listener.listen_until(stop)
            finally:
                systemd.stopping()
                for station in stations:
                    station.close()
                remembered.close()
                _say_goodbye(link, outbox)
    return 0


class Report:
    """Tells the service manager and the hub, after each turn of the loop, how the places do."""

    def __init__(self, places: Sequence[Place], link: "Link", outbox: Outbox) -> None:
        self._places = places
        self._link = link
        self._outbox = outbox
        self._is_ready = False
        self._turned_at = time.monotonic()
        self._told_status = ""

    def counters(self) -> Mapping[str, Counters]:
        """What happened so far at each node; from any thread."""
        reconnects = max(0, self._link.connections - 1)
        return {
            place.name: replace(
                place.counters,
                reconnects=reconnects,
                queued=self._outbox.waiting,
                dropped=self._outbox.dropped,
                refused=self._link.refused,
            )
            for place in list(self._places)
        }

    def health(self) -> Health:
        """How the places do now; from any thread."""
        counters = self.counters()
        nodes = {
            place.name: NodeHealth(place.doing.state, place.doing.reason, counters[place.name])
            for place in list(self._places)
            if place.name in counters
        }
        return Health(nodes, self._turned_at)

    def __call__(self) -> None:
        """Tell what is new."""
        self._turned_at = time.monotonic()
        text = status(self._places, self._turned_at)
        if not self._is_ready and all(place.is_settled for place in self._places):
            self._is_ready = True
            self._told_status = text
            systemd.ready(text)
        if text != self._told_status and self._is_ready:
            self._told_status = text
            systemd.status(text)
        counters = self.counters()
        for place in self._places:
            place.diagnose(counters[place.name])


def _introduce(settings: Settings, config: Path | None, ears: Ears, *, has_password: bool) -> None:
    """Log version, places, broker and state, so that every log identifies its run."""
    log.info(
        "version %s, Python %s, model %s, configuration %s",
        __version__,
        ".".join(map(str, sys.version_info[:3])),
        ears.classifier.contract.title,
        config or "none (defaults)",
    )
    for place in settings.places:
        log.info("place %s: %s", place.name, summary.place(place))
    log.info("broker %s", summary.broker(settings.mqtt, settings.name, has_password=has_password))
    log.info("state in %s", state_directory(settings.state.directory))
    for line in exposed(settings, config):
        log.warning("%s", line)


def _greeting(stations: Sequence[Station], *, discovery: bool) -> list[Message]:
    """What every connection begins with; that the box is online is said once."""
    messages = [m for s in list(stations) for m in s.hub.greeting(discovery=discovery)]
    return list(dict.fromkeys(messages))


def _follow(settings: Settings, ears: Ears, stations: Sequence[Station]) -> None:
    """Judge by settings that were read again, from the next window on."""
    ears.rules = ears.rules_of(settings.tracker)
    for station in stations:
        station.reload(settings)
    logging.getLogger().setLevel(settings.log.level.upper())


def _taken_out(settings: Settings, stations: Sequence[Station]) -> Sequence[Station]:
    """The stations of places that are no longer configured, as long as one is left."""
    names = {source.name for source in settings.places}
    gone = [station for station in stations if station.node.name not in names]
    return gone if len(gone) < len(stations) else []


def _say_goodbye(link: "Link", outbox: Outbox) -> None:
    unsent = link.flush(seconds=2.0)
    if unsent:
        fate = "are kept until the next start" if outbox.on_disk else "are lost"
        log.warning("%d event(s) that no broker took %s", unsent, fate)
