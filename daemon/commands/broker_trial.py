"""One connection to the broker, by stages: name, TCP, TLS, login, subscribing, publishing."""

import socket
import threading
import time
from collections.abc import Sequence
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from daemon.bounded_client import BoundedClient
from daemon.refusals import is_refusal
from daemon.settings import MqttSettings, Settings, read_password
from daemon.tls import tls_context
from daemon.trouble import Trouble, explain

_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 10.0
# Names are looked up by the system, which has time limits of its own.
_LONGEST_SECONDS = 45.0
_RETURN_SECONDS = 2.0
_UNCERTAIN = "but whether that was allowed cannot be told (MQTT 3.1.1)"
# Below a place's topics.
_PROBE = "check"
# No device of ours is called so: their ids begin with `timbrel_`.
_PROBE_DEVICE = "timbrel-check"
_V5, _V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
_SEE_LOG = "see the broker's log"
_WRONG_LOGIN = {"Not authorized", "Bad user name or password", "Banned"}


class _RefusedError(Exception):
    """What a stage came to, in words."""

    def __init__(self, reason: str, *, users: bool) -> None:
        super().__init__(reason)
        self.users = users


class BrokerTrial:
    """Connects once, as a client of its own, and changes nothing in a hub.

    It runs on a thread, and `wait` gives up on one that hangs. `is_certain`: whether the broker
    would have said that publishing is refused.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.is_certain = True
        self._stages: list[str] = []
        self._trouble: Trouble | None = None
        self._thread = threading.Thread(target=self._run, name="broker-trial", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wait(self) -> Trouble | None:
        """What failed, once it is known; None where everything works."""
        self._thread.join(_LONGEST_SECONDS)
        if self._thread.is_alive():
            return Trouble(f"no answer within {_LONGEST_SECONDS:g} s", users=False)
        return self._trouble

    @property
    def report(self) -> str:
        """The completed stages, and the failure that ended them."""
        stages = [*self._stages]
        if self._trouble is not None:
            stages.append(self._trouble.reason)
        elif self._thread.is_alive():
            stages.append("then no answer")
        return "; ".join(stages)

    def _run(self) -> None:
        mqtt = self._settings.mqtt
        try:
            self._reach(mqtt)
            self._use(mqtt)
        except _RefusedError as error:
            self._trouble = Trouble(str(error), users=error.users)
        except Exception as error:  # noqa: BLE001 (what is no broker may send paho anything)
            self._trouble = explain(error, mqtt)

    def _reach(self, mqtt: MqttSettings) -> None:
        """Name, TCP and TLS; raises what `explain` knows."""
        where = (mqtt.host, mqtt.effective_port)
        address = socket.getaddrinfo(*where, type=socket.SOCK_STREAM)[0][4][0]
        self._stages.append(f"{mqtt.host} is {address}" if address != mqtt.host else f"{address}")
        with socket.create_connection(where, _CONNECT_SECONDS) as connection:
            self._stages.append(f"port {mqtt.effective_port} answers")
            if mqtt.tls is None:
                return
            with tls_context(mqtt.tls).wrap_socket(connection, server_hostname=mqtt.host) as secure:
                self._stages.append(f"{secure.version()}, certificate accepted")

    def _use(self, mqtt: MqttSettings) -> None:
        first = _V311 if mqtt.protocol == "3.1.1" else _V5
        session = _Session(mqtt, f"timbrel-{self._settings.name}", first)
        try:
            refusal = session.connect()
            if refusal not in (None, *_WRONG_LOGIN) and mqtt.protocol == "auto":
                session.end()
                session = _Session(mqtt, f"timbrel-{self._settings.name}", _V311)
                refusal = session.connect()
            if refusal in _WRONG_LOGIN:
                remedy = "check mqtt.username and mqtt.password_file"
                raise _RefusedError(f"the login is refused: {refusal}; {remedy}", users=True)
            if refusal is not None:
                raise _RefusedError(refusal, users=False)
            self._stages.append(f"logged in with MQTT {session.version}")
            session.subscribe(self._topics("mute/set", *mqtt.birth_topics[:1]))
            self._stages.append("subscribed to commands")
            probes = self._topics(_PROBE)
            for topic in (*probes, *self._discovery_probes()):
                session.publish(topic)
            self.is_certain = session.tells_refusals or session.returns(probes)
            self._stages.append("published" if self.is_certain else f"published, {_UNCERTAIN}")
        finally:
            session.end()

    def _topics(self, leaf: str, *discovery: str) -> list[str]:
        """That topic of every place, and those that only discovery needs."""
        prefix = self._settings.mqtt.topic_prefix
        own = [f"{prefix}/{place.name}/{leaf}" for place in self._settings.places]
        return [*own, *(discovery if self._settings.mqtt.discovery else ())]

    def _discovery_probes(self) -> list[str]:
        """Return discovery topics of devices that do not exist.

        An access list treats them as the real ones, and an empty message there removes nothing;
        Home Assistant logs that there is no such device.
        """
        prefix = self._settings.mqtt.discovery_prefix
        places = self._settings.places if self._settings.mqtt.discovery else ()
        return [f"{prefix}/device/{_PROBE_DEVICE}_{place.name}/config" for place in places]


class _Session:
    """A client that waits for each answer, on one thread."""

    def __init__(self, mqtt: MqttSettings, name: str, protocol: MQTTProtocolVersion) -> None:
        self._mqtt = mqtt
        # Not the daemon's own, which the broker would disconnect.
        name = f"{mqtt.client_id or name}-check"
        self._client = BoundedClient(
            CallbackAPIVersion.VERSION2, name, protocol=protocol, tell=lambda _: None
        )
        self._client.connect_timeout = _CONNECT_SECONDS
        self._answers: list[Any] = []
        self.tells_refusals = protocol is _V5
        self.version = "5" if protocol is _V5 else "3.1.1"
        if mqtt.username is not None:
            self._client.username_pw_set(mqtt.username, read_password(mqtt))
        if mqtt.tls is not None:
            self._client.tls_set_context(tls_context(mqtt.tls))
        self._client.on_connect = lambda _c, _u, _f, code, _p: self._answers.append(code)
        self._client.on_subscribe = lambda _c, _u, _m, codes, _p: self._answers.append(codes)
        self._client.on_publish = lambda _c, _u, mid, _code, _p: self._answers.append(
            self._client.packets.reasons.get(mid, 0)
        )

    def connect(self) -> str | None:
        """Log in; the broker's reason not to let us, None where it does."""
        self._client.connect(self._mqtt.host, self._mqtt.effective_port)
        try:
            code = self._answer("the login")
        except _RefusedError as error:
            return str(error)
        name = str(code.getName())
        if name in _WRONG_LOGIN or not code.is_failure:
            return name if code.is_failure else None
        return f"the login is refused: {name}; {_SEE_LOG}"

    def subscribe(self, topics: Sequence[str]) -> None:
        """Subscribe to all; raises _RefusedError that names those that are refused."""
        self._client.subscribe([(topic, 1) for topic in topics])
        codes = self._answer("the subscription")
        refused = [topic for topic, code in zip(topics, codes, strict=False) if code.is_failure]
        if refused:
            raise _not_allowed("subscribing to", ", ".join(refused), "read")

    def publish(self, topic: str) -> None:
        """Publish an empty message that is not kept; raises _RefusedError where that is refused."""
        self._client.publish(topic, b"", qos=1)
        if is_refusal(self._answer(f"the message to {topic}")):
            raise _not_allowed("publishing to", topic, "write")

    def returns(self, topics: Sequence[str]) -> bool:
        """Whether messages published there come back to a subscriber; refused ones do not.

        False also where this client may not read its own topics.
        """
        returned: set[str] = set()
        self._client.on_message = lambda _c, _u, message: returned.add(message.topic)
        try:
            self.subscribe(topics)
        except _RefusedError:
            return False
        for topic in topics:
            self.publish(topic)
        deadline = time.monotonic() + _RETURN_SECONDS
        while not returned.issuperset(topics) and time.monotonic() < deadline:
            self._client.loop(timeout=0.1)
        return returned.issuperset(topics)

    def end(self) -> None:
        """Disconnect."""
        self._client.disconnect()

    def _answer(self, what: str) -> Any:
        """The next answer of the broker."""
        deadline = time.monotonic() + _ANSWER_SECONDS
        while not self._answers:
            if self._client.loop(timeout=0.2) != paho.MQTT_ERR_SUCCESS:
                if self._answers:
                    break
                raise _RefusedError(
                    f"the broker closed the connection after {what}; {_SEE_LOG}", users=False
                )
            if time.monotonic() > deadline:
                raise _RefusedError(f"the broker did not answer {what}; {_SEE_LOG}", users=False)
        return self._answers.pop(0)


def _not_allowed(doing: str, topics: str, right: str) -> _RefusedError:
    remedy = f"give the user the right to {right} there in the broker's access list"
    return _RefusedError(f"{doing} {topics} is refused; {remedy}", users=True)
