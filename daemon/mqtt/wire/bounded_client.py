"""An MQTT client that never holds a large packet in memory."""

from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode

from daemon.hub.messages import Message
from daemon.mqtt.wire.packets import Oversized, Packets

LARGEST_PACKET_BYTES = 65_536


class BoundedClient(paho.Client):
    """A paho client that reads through `Packets`; `on_oversized` is called for cut messages."""

    packets: Packets
    """The socket of the current connection."""

    def __init__(
        self, *arguments: Any, on_oversized: Callable[[Oversized], None], **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self._on_oversized = on_oversized

    def _create_socket(self) -> Any:
        self.packets = Packets(super()._create_socket(), LARGEST_PACKET_BYTES, self._on_oversized)
        return self.packets

    def send(self, message: Message) -> int | None:
        """Publish; return the packet identifier, or None if the connection is lost."""
        sent = self.publish(*message)
        return sent.mid if sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None
