"""Messages from the broker: commands, this box's own topics, and the hub's birth message."""

import random
import shlex
from collections.abc import Callable, Sequence
from typing import NamedTuple

import paho.mqtt.client as paho

from daemon.configuration.settings import MqttSettings
from daemon.mqtt.connection import Connection
from daemon.mqtt.wire.bounded_client import LARGEST_PACKET_BYTES
from daemon.mqtt.wire.packets import Oversized

# All boxes of a home receive the birth message at once; random pauses spread their answers.
_LONGEST_BIRTH_PAUSE_SECONDS = 3.0


class Subscriber(NamedTuple):
    """Topics to subscribe to, and a callback for their messages."""

    topics: Sequence[str]
    """The topics, without wildcards."""
    receive: Callable[[str, bytes, bool], None]
    """Called on the link's thread with topic, payload and the retain flag; must not wait."""


_NO_SUBSCRIBER = Subscriber((), lambda _topic, _payload, _retained: None)


class IncomingMessages:
    """Passes messages to their subscribers; has everything republished when the hub starts."""

    def __init__(
        self,
        settings: MqttSettings,
        connection: Connection,
        commands: Subscriber | None,
        own_topics: Subscriber | None,
        birth_topics: Sequence[str],
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._commands = commands or _NO_SUBSCRIBER
        self._own_topics = own_topics or _NO_SUBSCRIBER
        self._birth_topics = birth_topics
        self.needed = [*birth_topics[:1], *self._commands.topics]
        """The first birth topic and the command topics."""
        self.optional = [*birth_topics[1:], *self._own_topics.topics]
        """The other birth topics and this box's own topics, which are not essential."""

    def received(self, message: paho.MQTTMessage) -> None:
        """Pass a message to its subscriber."""
        topic, payload, retained = message.topic, bytes(message.payload), message.retain
        if topic in self._birth_topics:
            if payload == b"online" and not retained:
                seconds = random.uniform(0.0, _LONGEST_BIRTH_PAUSE_SECONDS)  # noqa: S311
                self._connection.republish_after(seconds)
        elif topic in self._own_topics.topics:
            self._own_topics.receive(topic, payload, retained)
        else:
            self._commands.receive(topic, payload, retained)

    def describe_oversized(self, message: Oversized) -> str:
        """Return a log line about a message that was too large to read, and how to remove it."""
        topic, retained = message
        is_ours = topic in (*self.needed, *self.optional)
        name = topic if is_ours else "another topic"
        text = f"{name}: ignoring a message of more than {LARGEST_PACKET_BYTES} bytes"
        if retained and is_ours:
            where = ["-h", self._settings.host, "-p", str(self._settings.effective_port)]
            text += f"; remove it: {shlex.join(['mosquitto_pub', *where, '-r', '-n', '-t', topic])}"
        return text
