"""Make the MQTT client of each connection, and send its CONNECT."""

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
    """Our will, credentials and encryption for every connection."""

    def __init__(
        self,
        settings: MqttSettings,
        password: str | None,
        tls: ssl.SSLContext | None,
        client_id: str,
        will: Message,
    ) -> None:
        self.password = password
        """Used from the next connection on."""
        self._settings = settings
        self._tls = tls
        self._client_id = settings.client_id or client_id
        self._will = will

    def new_client(
        self, version: MQTTProtocolVersion, on_oversized: Callable[[Oversized], None]
    ) -> BoundedClient:
        """Return an unconnected client; `on_oversized` is called for messages that were cut."""
        client = BoundedClient(
            CallbackAPIVersion.VERSION2,
            self._client_id,
            protocol=version,
            on_oversized=on_oversized,
        )
        client.connect_timeout = _CONNECT_SECONDS
        client.will_set(*self._will)
        if self._settings.username is not None:
            client.username_pw_set(self._settings.username, self.password)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        return client

    def connect(self, client: BoundedClient, version: MQTTProtocolVersion) -> None:
        """Open the connection and send the CONNECT; raises OSError and UnicodeError."""
        is_v5 = version is MQTTProtocolVersion.MQTTv5
        client.connect(
            self._settings.host,
            self._settings.effective_port,
            self._settings.keepalive_seconds,
            properties=_limits() if is_v5 else None,
        )


def _limits() -> Properties:
    """Return properties that ask a broker of MQTT 5 not to send us larger packets."""
    limits = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    limits.MaximumPacketSize = LARGEST_PACKET_BYTES
    return limits
