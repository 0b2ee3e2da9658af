"""`timbrel run`: listen at every place and tell the hub, for ever."""

import logging
import sys
from functools import partial
from pathlib import Path

from daemon import __version__
from daemon.commands import summary
from daemon.configuration.exposed import exposed
from daemon.configuration.handed_files import outdated_copies
from daemon.configuration.password import doubts, is_sent
from daemon.configuration.password_reload import PasswordReload
from daemon.configuration.service_password import find_password
from daemon.configuration.settings import Settings
from daemon.hub.board import Board
from daemon.hub.identity import identity_store, read_identity
from daemon.hub.retirement import Retirement
from daemon.mqtt.connection import Connection
from daemon.mqtt.duplicate_name import AvailabilityGuard
from daemon.mqtt.incoming import Subscriber
from daemon.mqtt.link import Link
from daemon.mqtt.outbox.outbox import Outbox
from daemon.runtime.listener import Listener
from daemon.runtime.reload import Reload, reload_on_signal
from daemon.runtime.report import Report
from daemon.runtime.stations import Stations, stations_of
from daemon.runtime.wakeup import Wakeup
from daemon.runtime.wiring import DeviceOf, Recognizer, device_of, link_to, outbox_of
from daemon.sound.portaudio import PortAudio
from daemon.system import systemd
from daemon.system.memory import Garbage
from daemon.system.state_directory import state_directory
from daemon.system.stop import stop_on_signals
from daemon.system.time_zone import TimeZone
from daemon.web.endpoint import serve

log = logging.getLogger(__name__)


def run(settings: Settings, config: Path | None = None, make_device: DeviceOf | None = None) -> int:
    """Listen until a signal asks to stop; SIGHUP has the `config` read again.

    Raises InputError for settings that cannot work, FailedError when only a new process can help.
    """
    recognizer = Recognizer(settings)
    outbox = outbox_of(settings)
    folder = state_directory(settings.state.directory)
    identity, remembered = read_identity(folder, settings.mqtt), identity_store(folder)
    wakeup, board, connection = Wakeup(), Board(), Connection(settings.mqtt)
    make_device = make_device or partial(device_of, stall_seconds=settings.audio.stall_seconds)
    # Once: a pipe gives it once.
    password = find_password(settings.mqtt, config)
    with PortAudio() as portaudio, stop_on_signals() as stop:
        stations = stations_of(
            *(settings, recognizer, identity.id_suffix),
            board=board,
            outbox=outbox,
            wakeup=wakeup,
            make_device=lambda source: make_device(source, portaudio, wakeup.changed),
        )
        retirement = Retirement(
            *(identity, stations.nodes, remembered.write, board, connection),
            discovery=settings.mqtt.discovery,
        )
        link = link_to(
            *(settings, stations.nodes[0], board, outbox, connection),
            password=password,
            commands=Subscriber(stations.topics, stations.take),
            notices=_notices(settings, stations, retirement, connection),
        )
        _introduce(settings, config, recognizer, password)
        stations.begin(discovery=settings.mqtt.discovery)
        renew = PasswordReload(
            settings.mqtt, password, lambda mqtt: find_password(mqtt, config), link.use_password
        )
        reload = Reload(config, settings, partial(_follow, stations, retirement), renew)
        report = Report(stations.places, link, outbox)
        chores = (TimeZone(), stations.attend, reload, retirement, report, Garbage())
        with (
            serve(settings.health.port, report.health),
            outbox,
            link,
            reload_on_signal(reload, wakeup.wake, stop),
        ):
            try:
                Listener(stations.places, wakeup, chores).listen_until(stop)
            finally:
                systemd.stopping()
                stations.close()
                remembered.close()
                _say_goodbye(link, outbox)
    return 0


def _notices(
    settings: Settings, stations: Stations, retirement: Retirement, connection: Connection
) -> Subscriber:
    """What the broker holds or gets on the box's own topics, and who reads it."""
    guard = AvailabilityGuard(settings.name, lambda: stations.availability_topics, connection)

    def take(topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001
        retirement.take(topic, payload, retained)
        guard.receive(topic, payload, retained)

    return Subscriber(sorted({*retirement.topics, *stations.availability_topics}), take)


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


def _follow(stations: Stations, retirement: Retirement, settings: Settings) -> None:
    """Follow settings that were read again; raises InputError for those that cannot work."""
    for node in stations.reload(settings):
        retirement.retire(node)
    logging.getLogger().setLevel(settings.log.level.upper())


def _say_goodbye(link: Link, outbox: Outbox) -> None:
    unsent = link.flush(seconds=2.0)
    if unsent:
        fate = "are kept until the next start" if outbox.on_disk else "are lost"
        log.warning("%d event(s) that no broker took %s", unsent, fate)
