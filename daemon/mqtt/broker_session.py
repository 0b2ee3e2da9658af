"""A synchronous connection to the broker: it waits for each answer, on the caller's thread."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from daemon.configuration.settings import MqttSettings
from daemon.mqtt.refused_login import (
    CLOSED,
    NO_ANSWER,
    NOT_MQTT,
    WRONG_LOGIN,
    explain_refused_login,
)
from daemon.mqtt.wire.bounded_client import BoundedClient
from daemon.mqtt.wire.tls import tls_context

_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 10.0
# Some brokers refuse a SUBSCRIBE with more topics.
_MOST_TOPICS = 8
_V5, _V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
_SEE_LOG = "see the broker's log"


class BrokerRefusedError(Exception):
    """The broker refuses the connection; the message is the reason in words."""

    def __init__(self, reason: str, *, needs_user: bool) -> None:
        super().__init__(reason)
        self.needs_user = needs_user
        """True if only the user can fix it."""


@contextmanager
def broker_session(
    mqtt: MqttSettings, password: str | None, client_id: str
) -> "Iterator[BrokerSession]":
    """Connect with MQTT 5, or with 3.1.1 if that is set or the broker does not support 5.

    Raises BrokerRefusedError if the broker refuses it. Raises OSError, UnicodeError or another
    error that `trouble.explain` describes if the broker cannot be reached.
    """
    answers = dict[str, str]()
    session = BrokerSession(mqtt, password, client_id, _V311 if mqtt.protocol == "3.1.1" else _V5)
    try:
        answer = session.connect()
        if mqtt.protocol == "auto" and answer not in {None, *WRONG_LOGIN}:
            answers[session.version] = answer or ""
            session.disconnect()
            session = BrokerSession(mqtt, password, client_id, _V311)
            answer = session.connect()
        if answer is not None:
            trouble = explain_refused_login(mqtt, answers | {session.version: answer})
            raise BrokerRefusedError(trouble.reason, needs_user=trouble.needs_user)
        yield session
    finally:
        session.disconnect()


class BrokerSession:
    """One connection; methods block, and raise BrokerRefusedError if it ends or times out."""

    def __init__(
        self,
        mqtt: MqttSettings,
        password: str | None,
        client_id: str,
        protocol: MQTTProtocolVersion,
    ) -> None:
        self._mqtt = mqtt
        self._client = BoundedClient(
            CallbackAPIVersion.VERSION2, client_id, protocol=protocol, on_oversized=lambda _: None
        )
        self._client.connect_timeout = _CONNECT_SECONDS
        self._answers: list[Any] = []
        self.has_reason_codes = protocol is _V5
        """True if a PUBACK says whether the message was refused."""
        self.version = "5" if protocol is _V5 else "3.1.1"
        """The MQTT version as in the settings."""
        self.retained: dict[str, bytes] = {}
        """Payloads of the retained messages received so far, by topic."""
        self.returned: set[str] = set()
        """Topics on which an empty message, such as `publish` sends, was received."""
        self._received_at = 0.0
        self._disconnect_reason = ""
        if mqtt.username is not None:
            self._client.username_pw_set(mqtt.username, password)
        if mqtt.tls is not None:
            self._client.tls_set_context(tls_context(mqtt.tls))
        self._client.on_connect = lambda _c, _u, _f, code, _p: self._answers.append(code)
        self._client.on_subscribe = lambda _c, _u, _m, codes, _p: self._answers.append(codes)
        self._client.on_publish = lambda _c, _u, mid, _code, _p: self._answers.append(
            self._client.packets.reason_codes.get(mid, 0)
        )
        self._client.on_disconnect = lambda _c, _u, flags, code, _p: self._note_disconnect(
            flags, code
        )
        self._client.on_message = lambda _c, _u, message: self._receive(message)

    def connect(self) -> str | None:
        """Connect; return None on success, otherwise the broker's answer to our CONNECT."""
        self._client.connect(self._mqtt.host, self._mqtt.effective_port)
        try:
            code = self._answer("the CONNECT")
        except BrokerRefusedError:
            return NO_ANSWER if self._client.socket() else CLOSED
        except OSError:
            raise
        except Exception:  # noqa: BLE001 (data that is not MQTT may break paho anywhere)
            return NOT_MQTT
        return str(code.getName()) if code.is_failure else None

    def subscribe(self, topics: Sequence[str]) -> list[str]:
        """Subscribe to all topics; return those that the broker refuses."""
        refused = list[str]()
        for start in range(0, len(topics), _MOST_TOPICS):
            some = topics[start : start + _MOST_TOPICS]
            self._client.subscribe([(topic, 1) for topic in some])
            codes = self._answer("the subscription")
            refused += [topic for topic, code in zip(some, codes, strict=False) if code.is_failure]
        return refused

    def publish(self, topic: str, *, retain: bool = False) -> int:
        """Publish an empty message with QoS 1; return its reason code, 0 for MQTT 3.1.1."""
        self._client.publish(topic, b"", qos=1, retain=retain)
        code: int = self._answer(f"the message to {topic}")
        return code

    def receive(self, quiet_seconds: float, longest_seconds: float) -> None:
        """Receive until no message came for `quiet_seconds`, at most for `longest_seconds`."""
        began = self._received_at = time.monotonic()
        while (now := time.monotonic()) - self._received_at < quiet_seconds:
            if now - began > longest_seconds:
                return
            self._turn(min(0.1, quiet_seconds), "reading")

    def receive_until(self, topics: Sequence[str], longest_seconds: float) -> bool:
        """Receive until all topics are in `returned`; return False after `longest_seconds`."""
        deadline = time.monotonic() + longest_seconds
        while not self.returned.issuperset(topics) and time.monotonic() < deadline:
            self._turn(0.1, "reading")
        return self.returned.issuperset(topics)

    def disconnect(self) -> None:
        """Send a DISCONNECT and close the connection."""
        self._client.disconnect()

    def _receive(self, message: paho.MQTTMessage) -> None:
        self._received_at = time.monotonic()
        topic, payload = message.topic, bytes(message.payload)
        if not payload:
            self.returned.add(topic)
            self.retained.pop(topic, None)
        elif message.retain or topic in self.retained:
            self.retained[topic] = payload

    def _answer(self, request: str) -> Any:
        """Wait for the broker's answer to `request`, which errors mention."""
        deadline = time.monotonic() + _ANSWER_SECONDS
        while not self._answers:
            self._turn(0.2, request)
            if not self._answers and time.monotonic() > deadline:
                reason = f"the broker did not answer {request}; {_SEE_LOG}"
                raise BrokerRefusedError(reason, needs_user=False)
        return self._answers.pop(0)

    def _turn(self, seconds: float, request: str) -> None:
        """Read and write; raise BrokerRefusedError if the connection ended without an answer."""
        if self._client.loop(timeout=seconds) != paho.MQTT_ERR_SUCCESS and not self._answers:
            because = f" ({self._disconnect_reason})" if self._disconnect_reason else ""
            reason = f"the broker closed the connection after {request}{because}; {_SEE_LOG}"
            raise BrokerRefusedError(reason, needs_user=False)

    def _note_disconnect(self, flags: Any, code: Any) -> None:
        if flags.is_disconnect_packet_from_server:
            self._disconnect_reason = code.getName()
