"""An MQTT client with our will, credentials and encryption, for one connection at a time."""

import ssl
from collections.abc import Callable

from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from daemon.configuration.settings import MqttSettings
from daemon.hub.messages import Message
from daemon.mqtt.wire.bounded_client import LARGEST_PACKET_BYTES, BoundedClient
from daemon.mqtt.wire.packets import Oversized

_CONNECT_SECONDS = 10.0


class Login:
    """Makes the client of each connection; `password` may change in between."""

    def __init__(
        self,
        settings: MqttSettings,
        password: str | None,
        tls: ssl.SSLContext | None,
        client_id: str,
        will: Message,
    ) -> None:
        self.password = password
        """For the next connection."""
        self._settings = settings
        self._tls = tls
        self._client_id = settings.client_id or client_id
        self._will = will

    def client(
        self, version: MQTTProtocolVersion, tell: Callable[[Oversized], None]
    ) -> BoundedClient:
        """A client that is not connected yet; `tell` is called for messages that are too large."""
        client = BoundedClient(
            CallbackAPIVersion.VERSION2, self._client_id, protocol=version, tell=tell
        )
        client.connect_timeout = _CONNECT_SECONDS
        client.will_set(*self._will)
        if self._settings.username is not None:
            client.username_pw_set(self._settings.username, self.password)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        return client

    def connect(self, client: BoundedClient, version: MQTTProtocolVersion) -> None:
        """Connect and send the login; raises OSError and UnicodeError."""
        is_v5 = version is MQTTProtocolVersion.MQTTv5
        client.connect(
            self._settings.host,
            self._settings.effective_port,
            self._settings.keepalive_seconds,
            properties=_limits() if is_v5 else None,
        )


def _limits() -> Properties:
    """A broker of MQTT 5 keeps from us what is larger than any command."""
    limits = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    limits.MaximumPacketSize = LARGEST_PACKET_BYTES
    return limits
