"""A conversation with the broker that waits for each answer: for commands, on one thread."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from daemon.configuration.settings import MqttSettings
from daemon.mqtt.refused_login import HUNG_UP, NO_ANSWER, NOT_MQTT, WRONG_LOGIN, refused_login
from daemon.mqtt.wire.bounded_client import BoundedClient
from daemon.mqtt.wire.tls import tls_context

_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 10.0
# Some brokers refuse a SUBSCRIBE with more topics.
_MOST_TOPICS = 8
_V5, _V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
_SEE_LOG = "see the broker's log"


class BrokerRefusedError(Exception):
    """Why the broker cannot be used, in words; `users`: whether only the user can mend it."""

    def __init__(self, reason: str, *, users: bool) -> None:
        super().__init__(reason)
        self.users = users


@contextmanager
def broker_session(
    mqtt: MqttSettings, password: str | None, client_id: str
) -> "Iterator[BrokerSession]":
    """Log in with MQTT 5, or with 3.1.1 where that is set or the broker knows no other.

    Raises BrokerRefusedError where the broker refuses us, and what `trouble.explain` knows where it
    cannot be reached.
    """
    answers = dict[str, str]()
    session = BrokerSession(mqtt, password, client_id, _V311 if mqtt.protocol == "3.1.1" else _V5)
    try:
        answer = session.connect()
        if mqtt.protocol == "auto" and answer not in {None, *WRONG_LOGIN}:
            answers[session.version] = answer or ""
            session.end()
            session = BrokerSession(mqtt, password, client_id, _V311)
            answer = session.connect()
        if answer is not None:
            trouble = refused_login(mqtt, answers | {session.version: answer})
            raise BrokerRefusedError(trouble.reason, users=trouble.users)
        yield session
    finally:
        session.end()


class BrokerSession:
    """One connection.

    `retained` holds the payload that the broker keeps on each topic, as far as it was read;
    `returned` the topics on which an empty message, such as `publish` sends, has come back.
    """

    def __init__(
        self,
        mqtt: MqttSettings,
        password: str | None,
        client_id: str,
        protocol: MQTTProtocolVersion,
    ) -> None:
        self._mqtt = mqtt
        self._client = BoundedClient(
            CallbackAPIVersion.VERSION2, client_id, protocol=protocol, tell=lambda _: None
        )
        self._client.connect_timeout = _CONNECT_SECONDS
        self._answers: list[Any] = []
        self.tells_refusals = protocol is _V5
        self.version = "5" if protocol is _V5 else "3.1.1"
        self.retained: dict[str, bytes] = {}
        self.returned: set[str] = set()
        self._received_at = 0.0
        self._end = ""
        if mqtt.username is not None:
            self._client.username_pw_set(mqtt.username, password)
        if mqtt.tls is not None:
            self._client.tls_set_context(tls_context(mqtt.tls))
        self._client.on_connect = lambda _c, _u, _f, code, _p: self._answers.append(code)
        self._client.on_subscribe = lambda _c, _u, _m, codes, _p: self._answers.append(codes)
        self._client.on_publish = lambda _c, _u, mid, _code, _p: self._answers.append(
            self._client.packets.reasons.get(mid, 0)
        )
        self._client.on_disconnect = lambda _c, _u, flags, code, _p: self._note_end(flags, code)
        self._client.on_message = lambda _c, _u, message: self._receive(message)

    def connect(self) -> str | None:
        """Log in; return the broker's answer where it does not let us, None where it does."""
        self._client.connect(self._mqtt.host, self._mqtt.effective_port)
        try:
            code = self._answer("the login")
        except BrokerRefusedError:
            return NO_ANSWER if self._client.socket() else HUNG_UP
        except OSError:
            raise
        except Exception:  # noqa: BLE001 (what is no broker may send what breaks paho anywhere)
            return NOT_MQTT
        return str(code.getName()) if code.is_failure else None

    def subscribe(self, topics: Sequence[str]) -> list[str]:
        """Subscribe to all; return those that the broker refuses."""
        refused = list[str]()
        for start in range(0, len(topics), _MOST_TOPICS):
            some = topics[start : start + _MOST_TOPICS]
            self._client.subscribe([(topic, 1) for topic in some])
            codes = self._answer("the subscription")
            refused += [topic for topic, code in zip(some, codes, strict=False) if code.is_failure]
        return refused

    def publish(self, topic: str, *, retain: bool = False) -> int:
        """Publish an empty message with QoS 1; return the reason code, 0 where there is none."""
        self._client.publish(topic, b"", qos=1, retain=retain)
        code: int = self._answer(f"the message to {topic}")
        return code

    def receive(self, quiet_seconds: float, longest_seconds: float) -> None:
        """Receive until nothing has come for a while, or for the longest time."""
        began = self._received_at = time.monotonic()
        while (now := time.monotonic()) - self._received_at < quiet_seconds:
            if now - began > longest_seconds:
                return
            self._turn(min(0.1, quiet_seconds), "reading")

    def receive_until(self, topics: Sequence[str], longest_seconds: float) -> bool:
        """Receive until a message has returned on each topic; return whether it has in time."""
        deadline = time.monotonic() + longest_seconds
        while not self.returned.issuperset(topics) and time.monotonic() < deadline:
            self._turn(0.1, "reading")
        return self.returned.issuperset(topics)

    def end(self) -> None:
        """Disconnect."""
        self._client.disconnect()

    def _receive(self, message: paho.MQTTMessage) -> None:
        self._received_at = time.monotonic()
        topic, payload = message.topic, bytes(message.payload)
        if not payload:
            self.returned.add(topic)
            self.retained.pop(topic, None)
        elif message.retain or topic in self.retained:
            self.retained[topic] = payload

    def _answer(self, what: str) -> Any:
        """Wait for the next answer of the broker."""
        deadline = time.monotonic() + _ANSWER_SECONDS
        while not self._answers:
            self._turn(0.2, what)
            if not self._answers and time.monotonic() > deadline:
                reason = f"the broker did not answer {what}; {_SEE_LOG}"
                raise BrokerRefusedError(reason, users=False)
        return self._answers.pop(0)

    def _turn(self, seconds: float, what: str) -> None:
        """Read and write; raises BrokerRefusedError where the connection has ended unanswered."""
        if self._client.loop(timeout=seconds) != paho.MQTT_ERR_SUCCESS and not self._answers:
            because = f" ({self._end})" if self._end else ""
            reason = f"the broker closed the connection after {what}{because}; {_SEE_LOG}"
            raise BrokerRefusedError(reason, users=False)

    def _note_end(self, flags: Any, code: Any) -> None:
        if flags.is_disconnect_packet_from_server:
            self._end = code.getName()
