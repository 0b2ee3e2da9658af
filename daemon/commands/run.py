"""`timbrel run`: listen at every place and publish over MQTT until stopped."""

import logging
import sys
from functools import partial
from pathlib import Path
from typing import NamedTuple

from daemon import __version__
from daemon.commands import summary
from daemon.configuration.exposed_secrets import exposed_secrets
from daemon.configuration.password import is_password_sent, password_warnings
from daemon.configuration.password_reload import PasswordReload
from daemon.configuration.service_password import find_password
from daemon.configuration.settings import Settings
from daemon.configuration.startup_files import outdated_copies
from daemon.hearing.patience import vote_warnings
from daemon.hub.board import Board
from daemon.hub.identity import Identity, identity_store, read_identity
from daemon.hub.retirement import Retirement
from daemon.mqtt.connection import Connection
from daemon.mqtt.duplicate_name import AvailabilityGuard
from daemon.mqtt.incoming import Subscriber
from daemon.mqtt.link import Link
from daemon.mqtt.outbox.outbox import Outbox
from daemon.practice.history.history import History
from daemon.runtime.listener import Listener
from daemon.runtime.page import page_parts
from daemon.runtime.page_models import PageModel, page_models
from daemon.runtime.reload import Reload, reload_on_signal
from daemon.runtime.report import Report
from daemon.runtime.stations import Stations, stations_of
from daemon.runtime.wakeup import Wakeup
from daemon.runtime.wiring import DeviceOf, Recognizer, device_of, history_of, link_to, outbox_of
from daemon.sound.portaudio import PortAudio
from daemon.system import systemd
from daemon.system.files.json_store import JsonStore
from daemon.system.memory import GarbageCollector
from daemon.system.state_directory import state_directory
from daemon.system.stop import Stop, stop_on_signals
from daemon.system.time_zone import TimeZone
from daemon.web.endpoint import serve
from daemon.web.page.page import serve_page

log = logging.getLogger(__name__)

_FLUSH_SECONDS = 2.0


class _Parts(NamedTuple):
    """The parts of a running daemon, connected to each other."""

    settings: Settings
    recognizer: Recognizer
    board: Board
    stations: Stations
    retirement: Retirement
    reload: Reload
    link: Link
    outbox: Outbox
    history: History
    identities: JsonStore[Identity]
    wakeup: Wakeup
    models: list[PageModel]


def run(settings: Settings, config: Path | None = None, make_device: DeviceOf | None = None) -> int:
    """Listen until SIGTERM or SIGINT; return the exit code.

    `config` is the file that the settings came from; SIGHUP reads it again. `make_device` replaces
    the devices that the settings name. Raises InputError if the settings cannot work, FailedError
    if the daemon cannot recover without a restart.
    """
    recognizer, models = Recognizer(settings), page_models(settings)
    outbox, history = outbox_of(settings), history_of(settings)
    folder = state_directory(settings.state.directory)
    identity, identities = read_identity(folder, settings.mqtt), identity_store(folder)
    wakeup, board, connection = Wakeup(), Board(), Connection(settings.mqtt)
    make_device = make_device or partial(device_of, stall_seconds=settings.audio.stall_seconds)
    # Read the password only once: if its file is a pipe, a second read returns nothing.
    password = find_password(settings.mqtt, config)
    with PortAudio(settings.audio.hop_seconds) as portaudio, stop_on_signals() as stop:
        stations = stations_of(
            *(settings, recognizer, identity.id_suffix),
            board=board,
            outbox=outbox,
            history=history,
            wakeup=wakeup,
            make_device=lambda source: make_device(source, portaudio, wakeup.changed),
        )
        retirement = Retirement(
            *(identity, stations.nodes, identities.write, board, connection),
            discovery=settings.mqtt.discovery,
        )
        link = link_to(
            *(settings, stations.nodes[0], board, outbox, connection),
            password=password,
            commands=Subscriber(stations.topics, stations.take),
            notices=_notice_subscriber(settings, stations, retirement, connection),
        )
        _log_start(settings, config, recognizer, password)
        stations.begin(discovery=settings.mqtt.discovery)
        renew = PasswordReload(
            settings.mqtt, password, lambda mqtt: find_password(mqtt, config), link.use_password
        )
        reload = Reload(config, settings, partial(_apply, stations, retirement), renew)
        parts = _Parts(
            *(settings, recognizer, board, stations, retirement, reload, link, outbox),
            *(history, identities, wakeup, models),
        )
        _listen(parts, stop)
    return 0


def _listen(parts: _Parts, stop: Stop) -> None:
    """Run the loop of all places until the request to stop, then shut down."""
    stations, link, outbox, reload = parts.stations, parts.link, parts.outbox, parts.reload
    report = Report(stations.places, link, outbox)
    page = partial(
        page_parts,
        *(parts.settings, stations, parts.recognizer),
        board=parts.board,
        wakeup=parts.wakeup,
        snapshot=report.health,
        models=parts.models,
        history=parts.history,
    )
    chores = (TimeZone(), stations.carry_out, reload, parts.retirement, report, GarbageCollector())
    with (
        serve(parts.settings.health.port, report.health),
        serve_page(parts.settings.web, page),
        outbox,
        # After the outbox, which locks the state directory.
        parts.history,
        link,
        reload_on_signal(reload, parts.wakeup.wake, stop),
    ):
        try:
            Listener(stations.places, parts.wakeup, chores).listen_until(stop)
        finally:
            systemd.stopping()
            stations.close()
            parts.identities.close()
            _send_remaining_events(link, outbox)


def _notice_subscriber(
    settings: Settings, stations: Stations, retirement: Retirement, connection: Connection
) -> Subscriber:
    """Return a subscriber of topics of this box to which other clients may also publish."""
    guard = AvailabilityGuard(settings.name, lambda: stations.availability_topics, connection)

    def take(topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001
        retirement.take(topic, payload, retained)
        guard.receive(topic, payload, retained)

    return Subscriber(sorted({*retirement.topics, *stations.availability_topics}), take)


def _log_start(
    settings: Settings, config: Path | None, recognizer: Recognizer, password: str | None
) -> None:
    """Log version, places, broker, state directory and warnings, so that a log is complete."""
    log.info(
        "version %s, Python %s, model %s, configuration %s",
        __version__,
        ".".join(map(str, sys.version_info[:3])),
        recognizer.classifier.contract.title,
        config or "none (defaults)",
    )
    for place in settings.places:
        log.info("place %s: %s", place.name, summary.describe_place(place))
    has_password = is_password_sent(settings.mqtt, password)
    broker = summary.describe_broker(settings.mqtt, settings.name, has_password=has_password)
    log.info("broker %s", broker)
    log.info("state in %s", state_directory(settings.state.directory))
    named = settings.mqtt.password_file
    file = None if named is None else Path(named)
    for line in (
        *exposed_secrets(settings, config),
        *password_warnings(settings.mqtt, password, file),
        *outdated_copies(settings.mqtt),
        *vote_warnings(settings.tracker, settings.audio.hop_seconds),
    ):
        log.warning("%s", line)


def _apply(stations: Stations, retirement: Retirement, settings: Settings) -> None:
    """Apply settings that were read again. Raises InputError if they cannot work."""
    for node in stations.reload(settings):
        retirement.retire(node)
    logging.getLogger().setLevel(settings.log.level.upper())


def _send_remaining_events(link: Link, outbox: Outbox) -> None:
    """Wait up to `_FLUSH_SECONDS` for the broker to accept the open events; log the others."""
    unsent = link.flush(seconds=_FLUSH_SECONDS)
    if unsent:
        fate = "they are kept until the next start" if outbox.on_disk else "they are lost"
        log.warning("%d event(s) were not accepted by a broker; %s", unsent, fate)
