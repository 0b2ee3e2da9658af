"""One listening place and what belongs to it: its node, its practice, what the hub may set."""

import threading
import time
from collections.abc import Callable

from daemon.configuration.settings import Settings, SourceSettings
from daemon.hub.controls import Controls
from daemon.hub.inbox import Inbox
from daemon.hub.messages import Message
from daemon.hub.reporter import Reporter
from daemon.mqtt.outbox.outbox import Outbox
from daemon.runtime.place import Place
from daemon.runtime.wiring import (
    Recognizer,
    configured_of,
    node_of,
    notes_of,
    place_of,
    practice_of,
    settle_seconds,
)
from daemon.sound.source import Device


class Station:
    """Built in two steps, since a link needs to know the commands, and a place the link.

    `equip` makes `hub` and `place`; the rest is there from the start.
    """

    hub: Reporter
    place: Place

    def __init__(
        self, settings: Settings, source: SourceSettings, recognizer: Recognizer, id_suffix: str
    ) -> None:
        self.node = node_of(settings, recognizer, source.name, settings.name, id_suffix)
        self._settings = settings
        self._source = source
        self._recognizer = recognizer
        self._diary_note, self._chosen_note = notes_of(settings, self.node)
        self._practice = practice_of(settings, recognizer, self._diary_note.read())
        remote = Controls(self.node, configured_of(settings, source), self._chosen_note.read())
        self.topics = remote.topics
        self.console = Inbox(remote, self._chosen_note)

    def equip(
        self,
        publish: Callable[[Message], None],
        outbox: Outbox,
        device: Device,
        changed: threading.Condition,
        wake: Callable[[], None],
    ) -> None:
        """Make the place that hears the device, and put in force what its hub chose earlier.

        `wake` has the loop take a turn now.
        """
        self.hub = Reporter(
            self.node,
            publish,
            outbox,
            wall_at=lambda _: time.time(),
            practice=self._practice,
            remember=self._diary_note.write,
            controls=True,
            started=time.time(),
        )
        self.place = place_of(
            self._settings,
            self._source,
            recognizer=self._recognizer,
            hub=self.hub,
            device=device,
            changed=changed,
        )
        self.console.open(publish, self._apply, wake)

    def attend(self) -> None:
        """Carry out what the hub has commanded; a chore of the loop."""
        if self.console.attend():
            self.place.restart()

    def reload(self, settings: Settings) -> None:
        """Follow a configuration that was read again, as far as the hub has set nothing else."""
        sources = {source.name: source for source in settings.places}
        source = sources.get(self.node.name, self._source)
        self.console.reload(configured_of(settings, source))

    def close(self) -> None:
        """Wait until what is to be remembered is on the disk."""
        self.console.close()
        self._diary_note.close()
        self._chosen_note.close()

    def _apply(self, remote: Controls) -> None:
        rules = remote.tuned(self._recognizer.families, self._recognizer.rules)
        self._practice.settle_seconds = settle_seconds(rules, self._recognizer.hop_seconds)
        self.place.retune(rules, remote.gate_dbfs)
        if self.place.wants_mute != remote.chosen.muted:
            self.place.mute(remote.chosen.muted)
