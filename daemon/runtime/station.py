"""One listening place with its node, its practice and the settings that the hub may change."""

import queue
import time
from typing import TYPE_CHECKING

from daemon.configuration.settings import Settings, SourceSettings
from daemon.hub.board import Board
from daemon.hub.controls import Controls
from daemon.hub.inbox import Inbox
from daemon.hub.reporter import Reporter
from daemon.mqtt.outbox.outbox import Outbox
from daemon.practice.history.history import History
from daemon.practice.history.records import Deleted
from daemon.runtime.practice_wiring import companion_of, tally_store_of
from daemon.runtime.wakeup import Wakeup
from daemon.runtime.wiring import (
    Recognizer,
    configured_of,
    node_of,
    place_of,
    sessions_of,
    settle_seconds,
    stores_of,
)
from daemon.sound.source import Device
from daemon.web.page.page import page_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.hearing.rules import Rules


class Station:
    """A place that listens to `device`, publishes to the hub and carries out its commands."""

    def __init__(
        self,
        settings: Settings,
        source: SourceSettings,
        recognizer: Recognizer,
        id_suffix: str,
        *,
        board: Board,
        outbox: Outbox,
        history: History,
        device: Device,
        wakeup: Wakeup,
    ) -> None:
        names = (source.name, settings.name, id_suffix)
        self.node = node_of(settings, recognizer, *names, url=page_url(settings.web))
        self._source = source
        self._recognizer = recognizer
        self.rules: Sequence[Rules] = recognizer.rules
        """The rules in use; replaced as a whole, so any thread may read them."""
        self._diary, self._chosen = stores_of(settings, self.node)
        of_place = history.of(source.name)
        self._sessions = sessions_of(settings, recognizer, self._diary.read(), of_place)
        self._tally = tally_store_of(settings, self.node)
        self._companion = companion_of(settings, self.node, self._sessions, self._tally, board.post)
        self._reporter = Reporter(
            self.node,
            board.post,
            outbox,
            wall_at=lambda _: time.time(),
            sessions=self._sessions,
            save=self._diary.write,
            history=of_place,
            controls=True,
            started=time.time(),
            shown=recognizer.shown,
            companion=self._companion,
        )
        self.place = place_of(
            settings,
            source,
            recognizer=recognizer,
            reporter=self._reporter,
            device=device,
            wakeup=wakeup,
        )
        controls = Controls(self.node, configured_of(settings, source), self._chosen.read())
        self.topics = controls.topics
        self.inbox = Inbox(controls, self._chosen, board.post, apply=self._apply, wake=wakeup.wake)
        self._wakeup = wakeup
        self._deleted = queue.SimpleQueue[Deleted]()

    def begin(self, *, discovery: bool) -> None:
        """Announce the node, and apply the values that the hub set earlier."""
        self._reporter.announce(discovery=discovery)
        self.inbox.begin()

    def forget(self, deleted: Deleted) -> None:
        """Let the loop forget what was deleted from the history; may be called from any thread."""
        self._deleted.put(deleted)
        self._wakeup.wake()

    def carry_out(self) -> None:
        """Carry out queued commands; a chore of the loop."""
        while not self._deleted.empty():
            self._reporter.forget(self._deleted.get())
        if self.inbox.carry_out():
            self.place.restart()

    def reload(self, settings: Settings) -> None:
        """Apply a reloaded configuration where the hub has set no value."""
        sources = {source.name: source for source in settings.places}
        source = sources.get(self.node.name, self._source)
        self.inbox.reload(configured_of(settings, source))

    def close(self) -> None:
        """Save the last changes and wait until they are on disk."""
        self.inbox.close()
        self._diary.close()
        self._chosen.close()
        self._tally.close()

    def _apply(self, controls: Controls) -> None:
        rules = controls.tuned_rules(self._recognizer.families, self._recognizer.rules)
        self.rules = rules
        self._sessions.settle_seconds = settle_seconds(rules, self._recognizer.hop_seconds)
        self._companion.use(controls.switches)
        self.place.retune(rules, controls.gate_dbfs)
        self.place.mute(controls.chosen.muted)
