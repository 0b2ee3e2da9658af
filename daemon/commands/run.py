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

from daemon import __version__
from daemon.commands import summary
from daemon.configuration.exposed import exposed
from daemon.configuration.handed_files import outdated_copies
from daemon.configuration.password import doubts, is_sent
from daemon.configuration.password_reload import PasswordReload
from daemon.configuration.service_password import find_password
from daemon.configuration.settings import Settings
from daemon.counters import Counters
from daemon.hub.identity import identity_note, read_identity
from daemon.hub.retirement import Retirement
from daemon.mqtt.double import Presence
from daemon.mqtt.outbox.outbox import Outbox
from daemon.runtime.listener import Listener
from daemon.runtime.place import Place
from daemon.runtime.reload import Reload, reload_on_signal
from daemon.runtime.stations import Stations
from daemon.runtime.status import status
from daemon.runtime.wiring import DeviceOf, Recognizer, device_of, link_to, outbox_of
from daemon.sound.portaudio import PortAudio
from daemon.system import systemd
from daemon.system.memory import Garbage
from daemon.system.state_directory import state_directory
from daemon.system.stop import stop_on_signals
from daemon.system.time_zone import TimeZone
from daemon.web.health import Health, NodeHealth, serve

if TYPE_CHECKING:
    from daemon.mqtt.link import Link

log = logging.getLogger(__name__)


def run(settings: Settings, config: Path | None = None, make_device: DeviceOf | None = None) -> int:
    """Listen until a signal asks to stop; SIGHUP has the `config` read again.

    Raises InputError for settings that cannot work, FailedError when only a new process can help.
    """
    from daemon.mqtt.link import Commands

    recognizer = Recognizer(settings)
    outbox = outbox_of(settings)
    folder = state_directory(settings.state.directory)
    identity, remembered = read_identity(folder, settings.mqtt), identity_note(folder)
    stations = Stations(settings, recognizer, identity.id_suffix)
    retirement = Retirement(
        identity, stations.nodes, remembered.write, discovery=settings.mqtt.discovery
    )
    changed = threading.Condition()
    make_device = make_device or partial(device_of, stall_seconds=settings.audio.stall_seconds)

    def take(topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001
        if stations.take(topic, payload, retained):
            wake()

    def notice(topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001
        if topic in settings.mqtt.birth_topics:
            link.take_birth(payload, retained=retained)
        retirement.take(topic, payload, retained)
        presence.take(topic, payload, retained)

    def wake() -> None:
        listener.wake()

    notices = {*retirement.topics, *stations.availability_topics, *settings.mqtt.birth_topics[1:]}
    # Once: a pipe gives it once.
    password = find_password(settings.mqtt, config)
    link = link_to(
        settings,
        stations.nodes[0],
        outbox,
        partial(stations.greeting, discovery=settings.mqtt.discovery),
        Commands(stations.topics, take),
        password=password,
        notices=Commands(sorted(notices), notice),
    )
    presence = Presence(settings.name, lambda: stations.availability_topics, link)
    _introduce(settings, config, recognizer, password)
    with PortAudio() as portaudio, stop_on_signals() as stop:
        for station, source in zip(stations, settings.places, strict=True):
            device = make_device(source, portaudio, changed)
            station.equip(link.publish, outbox, device, changed, wake)
            stations.places.append(station.place)
        renew = PasswordReload(
            settings.mqtt, password, lambda mqtt: find_password(mqtt, config), link.use_password
        )
        follow = partial(_follow, stations=stations, retirement=retirement, link=link)
        reload = Reload(config, settings, follow, renew)
        report = Report(stations.places, link, outbox)
        retire = partial(retirement, link)
        chores = (TimeZone(), stations.attend, reload, retire, report, Garbage())
        listener = Listener(stations.places, changed, chores)
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
                stations.close()
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
                refusing=self._link.refusing,
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
        return Health(nodes, self._turned_at, self._link.state)

    def __call__(self) -> None:
        """Tell what is new; raises FailedError where nothing can reach the broker any more."""
        self._link.check_thread()
        self._turned_at = time.monotonic()
        text = status(self._places, self._turned_at, self._link.state)
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


def _introduce(
    settings: Settings, config: Path | None, recognizer: Recognizer, password: str | None
) -> None:
    """Log version, places, broker and state, so that every log identifies its run."""
    log.info(
        "version %s, Python %s, model %s, configuration %s",
        __version__,
        ".".join(map(str, sys.version_info[:3])),
        recognizer.classifier.contract.title,
        config or "none (defaults)",
    )
    for place in settings.places:
        log.info("place %s: %s", place.name, summary.place(place))
    has_password = is_sent(settings.mqtt, password)
    log.info("broker %s", summary.broker(settings.mqtt, settings.name, has_password=has_password))
    log.info("state in %s", state_directory(settings.state.directory))
    named = settings.mqtt.password_file
    file = None if named is None else Path(named)
    doubtful = [*doubts(settings.mqtt, password, file), *outdated_copies(settings.mqtt)]
    for line in (*exposed(settings, config), *doubtful):
        log.warning("%s", line)


def _follow(settings: Settings, stations: Stations, retirement: Retirement, link: "Link") -> None:
    """Follow settings that were read again; raises InputError for those that cannot work."""
    for node in stations.reload(settings):
        retirement.retire(node, link)
    logging.getLogger().setLevel(settings.log.level.upper())


def _say_goodbye(link: "Link", outbox: Outbox) -> None:
    unsent = link.flush(seconds=2.0)
    if unsent:
        fate = "are kept until the next start" if outbox.on_disk else "are lost"
        log.warning("%d event(s) that no broker took %s", unsent, fate)
