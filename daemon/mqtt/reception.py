"""What the broker sends us: commands, notices of our own topics, and that the hub has started."""

import random
import shlex
from collections.abc import Callable, Sequence
from typing import NamedTuple

import paho.mqtt.client as paho

from daemon.configuration.settings import MqttSettings
from daemon.mqtt.connection import Connection
from daemon.mqtt.wire.bounded_client import LARGEST_PACKET_BYTES
from daemon.mqtt.wire.packets import Oversized

# Every listener of a home hears its hub start at once; they do not all answer at once.
_LONGEST_BIRTH_PAUSE_SECONDS = 3.0


class Reader(NamedTuple):
    """Topics to listen to, and who takes what comes: topic, payload, whether it was retained.

    Called on the link's thread; must not wait.
    """

    topics: Sequence[str]
    take: Callable[[str, bytes, bool], None]


_NOBODY = Reader((), lambda _topic, _payload, _retained: None)


class Reception:
    """Knows what to subscribe to and who reads it; has everything sent again when the hub starts.

    `needed` are topics without which something does not work: commands, and the first of the
    topics on which the hub may say that it starts. `optional` are notices of this box's own topics,
    and the other birth topics.
    """

    def __init__(
        self,
        settings: MqttSettings,
        connection: Connection,
        commands: Reader | None,
        notices: Reader | None,
        birth_topics: Sequence[str],
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._commands = commands or _NOBODY
        self._notices = notices or _NOBODY
        self._birth_topics = birth_topics
        self.needed = [*birth_topics[:1], *self._commands.topics]
        self.optional = [*birth_topics[1:], *self._notices.topics]

    def received(self, message: paho.MQTTMessage) -> None:
        """Pass a message to its reader."""
        topic, payload, retained = message.topic, bytes(message.payload), message.retain
        if topic in self._birth_topics:
            if payload == b"online" and not retained:
                seconds = random.uniform(0.0, _LONGEST_BIRTH_PAUSE_SECONDS)  # noqa: S311
                self._connection.say_again(seconds)
        elif topic in self._notices.topics:
            self._notices.take(topic, payload, retained)
        else:
            self._commands.take(topic, payload, retained)

    def ignored(self, message: Oversized) -> str:
        """What to log about a message that was too large to be read, and how to remove it."""
        topic, retained = message
        is_ours = topic in (*self.needed, *self.optional)
        name = topic if is_ours else "another topic"
        text = f"{name}: ignoring a message of more than {LARGEST_PACKET_BYTES} bytes"
        if retained and is_ours:
            where = ["-h", self._settings.host, "-p", str(self._settings.effective_port)]
            text += f"; remove it: {shlex.join(['mosquitto_pub', *where, '-r', '-n', '-t', topic])}"
        return text
