"""The MQTT library's client, reading the broker's packets through `Packets`."""

from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode

from daemon.hub.messages import Message
from daemon.mqtt.wire.packets import Oversized, Packets

LARGEST_PACKET_BYTES = 65_536


class BoundedClient(paho.Client):
    """A client that no message of a broker can fill with memory; `tell` gets those that are cut."""

    packets: Packets

    def __init__(self, *arguments: Any, tell: Callable[[Oversized], None], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._tell = tell

    def _create_socket(self) -> Any:
        self.packets = Packets(super()._create_socket(), LARGEST_PACKET_BYTES, self._tell)
        return self.packets

    def send(self, message: Message) -> int | None:
        """Publish; return the packet identifier, or None where the connection has gone."""
        sent = self.publish(*message)
        return sent.mid if sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None
