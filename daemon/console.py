"""Commands from the hub, taken on the broker's thread and carried out by the loop."""

import logging
import queue
from collections.abc import Callable
from typing import NamedTuple

from daemon.home_assistant import Message
from daemon.note import Note
from daemon.remote import Chosen, Configured, Remote
from daemon.trouble import Repeats

log = logging.getLogger(__name__)

_MOST_WAITING = 100


class _Command(NamedTuple):
    topic: str
    payload: bytes
    retained: bool


class Console:
    """The commands of one node; what they choose goes to the `note`."""

    def __init__(self, remote: Remote, note: Note[Chosen]) -> None:
        self.remote = remote
        self._topics = frozenset(remote.topics)
        self._note = note
        self._publish: Callable[[Message], None] = lambda _: None
        self._apply: Callable[[Remote], None] = lambda _: None
        self._waiting = queue.SimpleQueue[_Command]()
        self._said = Repeats(log)

    @property
    def muted(self) -> bool:
        """Whether nothing is to be heard."""
        return self.remote.chosen.muted

    def open(self, publish: Callable[[Message], None], apply: Callable[[Remote], None]) -> None:
        """Put what was chosen earlier in force, now and whenever it changes, and tell the hub."""
        self._publish, self._apply = publish, apply
        self._apply(self.remote)
        for echo in self.remote.echoes():
            self._publish(echo)

    def reload(self, configured: Configured) -> None:
        """The configuration has changed; what the hub has set still beats it. On the loop."""
        self.remote.configured = configured
        self._apply(self.remote)
        for echo in self.remote.echoes():
            self._publish(echo)

    def take(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001
        """A message on a command topic, ours or another node's; from any thread."""
        # Who floods us loses commands, not our memory.
        if topic in self._topics and self._waiting.qsize() < _MOST_WAITING:
            self._waiting.put(_Command(topic, payload, retained))

    def attend(self) -> bool:
        """Carry out what has come; whether listening is to start anew. The loop calls this."""
        changed = restart = False
        while not self._waiting.empty():
            topic, payload, retained = self._waiting.get()
            reply = self.remote.receive(topic, payload, retained=retained)
            if reply.refusal is not None:
                self._said.say(logging.WARNING, f"refused: {reply.refusal}")
            for echo in reply.echo:
                self._publish(echo)
            if reply.changed:
                log.info("set by the hub: %s", _words(reply.echo[0]))
            changed |= reply.changed
            restart |= reply.restart
        if changed:
            self._note.write(self.remote.chosen)
            self._apply(self.remote)
        return restart


def _words(echo: Message) -> str:
    return f"{echo.topic.rpartition('/')[2]} {echo.payload.decode()}"
