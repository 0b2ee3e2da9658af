"""`timbrel run`: listen to the microphone and tell the hub, for ever."""

import logging
import random
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from daemon import systemd
from daemon.commands.wiring import (
    Ears,
    link_to,
    node_of,
    notes_of,
    outbox_of,
    practice_of,
    remote_of,
    settle_seconds,
)
from daemon.console import Console
from daemon.counters import Counters
from daemon.errors import SoundLostError
from daemon.hearing import Heard, Hearing
from daemon.hub import Hub
from daemon.listener import Teller, listen
from daemon.microphone import open_microphone
from daemon.remote import Remote
from daemon.ring import Ring
from daemon.settings import Settings
from daemon.stop import Stop, stop_on_signals
from daemon.tracker import Event, EventEnded, EventStarted

log = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 3.0
_TICK_SECONDS = 0.5


OpenSource = Callable[[str | int], AbstractContextManager[Ring]]


def run(settings: Settings, open_source: OpenSource = open_microphone) -> int:
    """Listen until a signal asks to stop; raises InputError for settings that cannot work."""
    from daemon.mqtt import Commands

    ears = Ears(settings)
    node = node_of(settings, ears, settings.name)
    outbox = outbox_of(settings)
    practice_note, chosen_note = notes_of(settings, node)
    remote = remote_of(settings, node, chosen_note.read())
    console = Console(remote, chosen_note)
    link = link_to(
        settings,
        node,
        outbox,
        lambda: hub.greeting(discovery=settings.mqtt.discovery),
        Commands(remote.topics, console.take),
    )
    practice = practice_of(settings, ears, practice_note.read())
    hub = Hub(
        node,
        link.publish,
        outbox,
        wall_at=lambda _: time.time(),
        practice=practice,
        remember=practice_note.write,
        controls=True,
        started=time.time(),
    )
    service = Service(settings, ears, open_source=open_source, console=console)

    def apply(remote: Remote) -> None:
        service.apply(remote)
        practice.settle_seconds = settle_seconds(ears.rules, ears.hop_seconds)

    with stop_on_signals() as stop, outbox, link:
        console.open(link.publish, apply)
        service.listen_until(stop, hub)
        systemd.stopping()
        practice_note.close()
        chosen_note.close()
        unsent = link.flush(seconds=2.0)
    if unsent:
        fate = "are kept until the next start" if outbox.on_disk else "are lost"
        log.warning("%d event(s) that no broker took %s", unsent, fate)
    return 0


class Service:
    """Keeps listening while microphones come and go."""

    def __init__(
        self,
        settings: Settings,
        ears: Ears,
        tellers: Sequence[Teller] = (),
        open_source: OpenSource = open_microphone,
        console: Console | None = None,
    ) -> None:
        self._audio = settings.audio
        self._ears = ears
        self._tellers = tellers
        self._open_source = open_source
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._deaf_because: str | None = None
        self._console = console
        self._tracker = ears.tracker()
        self._hearing = self._new_hearing()

    def _new_hearing(self) -> Hearing:
        return Hearing(self._ears.classifier, self._ears.gate_dbfs)

    def apply(self, remote: Remote) -> None:
        """Put what the hub has set in force, without losing a window."""
        self._ears.tune(remote)
        self._tracker.retune(self._ears.rules)
        self._hearing.gate_dbfs = self._ears.gate_dbfs

    def attend(self, ring: Ring) -> None:
        """Do what the hub has asked for; muting and restarting end this listening."""
        if self._console is not None and (self._console.attend() or self._console.muted):
            ring.end()

    def listen_until(self, stop: Stop, hub: Hub) -> None:
        """Listen; open the microphone again, with a growing pause, whenever it is lost."""
        while not stop.is_set():
            if self._wait_while_muted(stop, hub):
                continue
            try:
                with self._open_source(self._audio.device) as ring, stop.calling(ring.end):
                    self._listen(ring, hub)
            except SoundLostError as error:
                self._lost(str(error), hub, 0.0, [])
            stop.wait(self._pause_seconds * random.uniform(0.7, 1.0))  # noqa: S311
            self._pause_seconds = min(2 * self._pause_seconds, _LONGEST_PAUSE_SECONDS)
            hub.rest()
            systemd.alive()

    def _wait_while_muted(self, stop: Stop, hub: Hub) -> bool:
        """Whether it was muted; the microphone is closed as long as it is."""
        console = self._console
        if console is None:
            return False
        console.attend()
        if not console.muted:
            return False
        hub.muted(0.0, [])
        systemd.ready("muted")
        log.info("muted")
        self._deaf_because = None
        while console.muted and not stop.wait(_TICK_SECONDS):
            console.attend()
            hub.rest()
            systemd.alive()
        return True

    def hears(self) -> None:
        """The microphone gives sound."""
        if self._deaf_because is not None:
            log.info("hearing again")
        self._deaf_because = None
        self._pause_seconds = _FIRST_PAUSE_SECONDS

    def _listen(self, ring: Ring, hub: Hub) -> None:
        tracker = self._tracker = self._ears.tracker()
        hearing = self._hearing = self._new_hearing()
        windows = ring.windows(self._audio.hop_seconds, self._audio.stall_seconds)
        progress = _Progress(self, hub, ring)
        try:
            listen(windows, hearing, tracker, [progress, hub, *self._tellers])
        except SoundLostError as error:
            events = tracker.close(progress.ended_at, "deaf")
            self._lost(str(error), hub, progress.ended_at, events)
        else:
            muted = self._console is not None and self._console.muted
            events = tracker.close(progress.ended_at, "muted" if muted else "stopped")
            if progress.ended_at:
                (hub.muted if muted else hub.end)(progress.ended_at, events)
        _log_events(events)

    def _lost(self, reason: str, hub: Hub, at: float, events: Sequence[Event]) -> None:
        if reason == self._deaf_because and not events:
            return
        self._deaf_because = reason
        log.error("deaf: %s; it is tried again until it is back", reason)
        hub.deaf(reason, at, events)
        systemd.ready(f"deaf: {reason}")


class _Progress:
    """Follows the loop: tells when sound begins, logs events, knows how far the sound went."""

    def __init__(self, service: Service, hub: Hub, ring: Ring) -> None:
        self._service = service
        self._hub = hub
        self._ring = ring
        self.ended_at = 0.0

    def tell(self, heard: Heard, playing: Sequence[EventStarted], events: Sequence[Event]) -> None:
        """One window's results."""
        if self.ended_at == 0.0:
            self._service.hears()
            self._hub.hears()
            self._hub.diagnose(Counters())
            systemd.ready("hearing")
        self.ended_at = heard.ended_at
        self._service.attend(self._ring)
        if events:
            _log_events(events)
            now = ", ".join(event.family for event in playing)
            systemd.notify(f"STATUS=hearing{', playing: ' if now else ''}{now}")


def _log_events(events: Sequence[Event]) -> None:
    for event in events:
        if isinstance(event, EventEnded):
            log.info("%s ended after %.0f s", event.family, event.duration_seconds)
        else:
            log.info("%s started, score %.2f", event.family, event.score)
