"""`timbrel run`: listen at every place and tell the hub, for ever."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from daemon import systemd
from daemon.commands.wiring import DeviceOf, Ears, device_of, link_to, node_of, outbox_of, place_of
from daemon.counters import Counters
from daemon.garbage import Garbage
from daemon.health import Health, NodeHealth, serve
from daemon.home_assistant import Message
from daemon.hub import Hub
from daemon.listener import Listener
from daemon.outbox import Outbox
from daemon.place import Place
from daemon.portaudio import PortAudio
from daemon.reload import Reload, reload_on_signal
from daemon.settings import Settings
from daemon.status import status
from daemon.stop import stop_on_signals

if TYPE_CHECKING:
    from daemon.mqtt import Link

log = logging.getLogger(__name__)


def run(settings: Settings, config: Path | None = None, make_device: DeviceOf | None = None) -> int:
    """Listen until a signal asks to stop; SIGHUP has the `config` read again.

    Raises InputError for settings that cannot work, FailedError when only a new process can help.
    """
    ears = Ears(settings)
    outbox = outbox_of(settings)
    nodes = [node_of(settings, ears, source.name, settings.name) for source in settings.places]
    link = link_to(settings, nodes[0], outbox, lambda: _greeting(hubs, settings))
    hubs = [Hub(node, link.publish, outbox, wall_at=lambda _: time.time()) for node in nodes]
    changed = threading.Condition()
    make_device = make_device or partial(device_of, stall_seconds=settings.audio.stall_seconds)
    with PortAudio() as portaudio, stop_on_signals() as stop:
        places = [
            place_of(
                settings,
                source,
                ears=ears,
                hub=hub,
                device=make_device(source, portaudio, changed),
                changed=changed,
            )
            for source, hub in zip(settings.places, hubs, strict=True)
        ]
        reload = Reload(config, settings, lambda new: _retune(new, ears, places))
        report = Report(places, link, outbox)
        listener = Listener(places, changed, [reload, report, Garbage()])
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
            )
            for place in self._places
        }

    def health(self) -> Health:
        """How the places do now; from any thread."""
        counters = self.counters()
        nodes = {
            place.name: NodeHealth(place.doing.state, place.doing.reason, counters[place.name])
            for place in self._places
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


def _greeting(hubs: Sequence[Hub], settings: Settings) -> list[Message]:
    """What every connection begins with; that the box is online is said once."""
    messages = [m for hub in hubs for m in hub.greeting(discovery=settings.mqtt.discovery)]
    return list(dict.fromkeys(messages))


def _retune(settings: Settings, ears: Ears, places: Sequence[Place]) -> None:
    rules = ears.rules_of(settings.tracker)
    gates = {source.name: settings.gate_of(source) for source in settings.places}
    for place in places:
        place.retune(rules, gates.get(place.name, settings.audio.gate_dbfs))
    logging.getLogger().setLevel(settings.log.level.upper())


def _say_goodbye(link: "Link", outbox: Outbox) -> None:
    unsent = link.flush(seconds=2.0)
    if unsent:
        fate = "are kept until the next start" if outbox.on_disk else "are lost"
        log.warning("%d event(s) that no broker took %s", unsent, fate)
