"""One trial of the broker in stages: name lookup, TCP, TLS, login, subscribing, publishing."""

import socket
import threading
from collections.abc import Callable, Sequence

from daemon.configuration.settings import MqttSettings, Settings
from daemon.errors import InputError
from daemon.mqtt.broker_session import BrokerRefusedError, BrokerSession, broker_session
from daemon.mqtt.refusals import is_refusal
from daemon.mqtt.trouble import Trouble, explain
from daemon.mqtt.wire.tls import tls_context

_CONNECT_SECONDS = 10.0
# Longer than the connection alone: the system's name lookup has its own time limits.
_LONGEST_SECONDS = 45.0
_RETURN_SECONDS = 2.0
_UNCERTAIN = "but MQTT 3.1.1 does not report whether that was allowed"
# The last part of the topic that is published to, below the topics of each place.
_PROBE = "check"
# Not the id of a real device: those begin with `timbrel_`.
_PROBE_DEVICE = "timbrel-check"


class BrokerTrial:
    """Connects once, with its own client id, and changes nothing in a hub.

    It runs on its own thread, because it may hang; `password` is called on that thread.
    """

    def __init__(self, settings: Settings, password: Callable[[], str | None]) -> None:
        self._settings = settings
        self._password = password
        self.is_certain = True
        """False if publishing succeeded but the broker may have ignored it without a report."""
        self._stages: list[str] = []
        self._trouble: Trouble | None = None
        self._thread = threading.Thread(target=self._run, name="broker-trial", daemon=True)

    def start(self) -> None:
        """Start the trial on its thread."""
        self._thread.start()

    def wait(self) -> Trouble | None:
        """Wait for the end of the trial; return the failure, or None if everything works.

        Returns a failure after 45 s without a result.
        """
        self._thread.join(_LONGEST_SECONDS)
        if self._thread.is_alive():
            return Trouble(f"no answer within {_LONGEST_SECONDS:g} s", needs_user=False)
        return self._trouble

    @property
    def report(self) -> str:
        """The completed stages and the failure that ended them, on one line."""
        stages = [*self._stages]
        if self._trouble is not None:
            stages.append(self._trouble.reason)
        elif self._thread.is_alive():
            stages.append("then no answer")
        return "; ".join(stages)

    def _run(self) -> None:
        mqtt = self._settings.mqtt
        try:
            self._connect(mqtt)
            self._exchange(mqtt)
        except BrokerRefusedError as error:
            self._trouble = Trouble(str(error), needs_user=error.needs_user)
        except InputError as error:
            self._trouble = Trouble(str(error), needs_user=True)
        except Exception as error:  # noqa: BLE001 (from a server that is no broker)
            self._trouble = explain(error, mqtt)

    def _connect(self, mqtt: MqttSettings) -> None:
        """Try name lookup, TCP and TLS. Raises errors that `explain` turns into sentences."""
        where = (mqtt.host, mqtt.effective_port)
        address = socket.getaddrinfo(*where, type=socket.SOCK_STREAM)[0][4][0]
        self._stages.append(f"{mqtt.host} is {address}" if address != mqtt.host else f"{address}")
        with socket.create_connection(where, _CONNECT_SECONDS) as connection:
            self._stages.append(f"port {mqtt.effective_port} answers")
            if mqtt.tls is None:
                return
            with tls_context(mqtt.tls).wrap_socket(connection, server_hostname=mqtt.host) as secure:
                self._stages.append(f"{secure.version()}, certificate accepted")

    def _exchange(self, mqtt: MqttSettings) -> None:
        """Log in, subscribe and publish. Raises BrokerRefusedError if the broker refuses one."""
        # With the daemon's own client id, the broker would disconnect a running daemon.
        client_id = f"{mqtt.client_id or f'timbrel-{self._settings.name}'}-check"
        with broker_session(mqtt, self._password(), client_id) as session:
            self._stages.append(f"logged in with MQTT {session.version}")
            _subscribe(session, self._topics("mute/set", *mqtt.birth_topics[:1]))
            self._stages.append("subscribed to commands")
            probes = self._topics(_PROBE)
            for topic in (*probes, *self._discovery_probes()):
                _publish(session, topic)
            self.is_certain = session.has_reason_codes or _are_returned(session, probes)
            self._stages.append("published" if self.is_certain else f"published, {_UNCERTAIN}")

    def _topics(self, leaf: str, *discovery: str) -> list[str]:
        """Return the topic `leaf` of every place, and the `discovery` topics if it is on."""
        prefix = self._settings.mqtt.topic_prefix
        own = [f"{prefix}/{place.name}/{leaf}" for place in self._settings.places]
        return [*own, *(discovery if self._settings.mqtt.discovery else ())]

    def _discovery_probes(self) -> list[str]:
        """Return discovery topics of devices that do not exist.

        A broker's access list with wildcards allows them as it allows the real ones; a list of
        exact topics may refuse them. An empty message there removes nothing; Home Assistant only
        logs that it has no such device.
        """
        prefix = self._settings.mqtt.discovery_prefix
        places = self._settings.places if self._settings.mqtt.discovery else ()
        return [f"{prefix}/device/{_PROBE_DEVICE}_{place.name}/config" for place in places]


def _subscribe(session: BrokerSession, topics: Sequence[str]) -> None:
    """Subscribe to all topics. Raises BrokerRefusedError that names the refused ones."""
    if refused := session.subscribe(topics):
        raise _not_allowed("subscribing to", ", ".join(refused), "read")


def _publish(session: BrokerSession, topic: str) -> None:
    """Publish an empty message without retain. Raises BrokerRefusedError if it is refused."""
    if is_refusal(session.publish(topic)):
        trouble = _not_allowed("publishing to", topic, "write")
        exact = "only this test uses this topic; a list of exact topics may allow the real ones"
        raise BrokerRefusedError(f"{trouble}; {exact}", needs_user=True)


def _are_returned(session: BrokerSession, topics: Sequence[str]) -> bool:
    """Publish to the topics; return whether the broker sends the messages back to a subscriber.

    False means that publishing was refused, or that this client may not read the topics.
    """
    if session.subscribe(topics):
        return False
    for topic in topics:
        _publish(session, topic)
    return session.receive_until(topics, _RETURN_SECONDS)


def _not_allowed(action: str, topics: str, access: str) -> BrokerRefusedError:
    remedy = f"give the user {access} access there in the broker's access list"
    return BrokerRefusedError(f"{action} {topics} is refused; {remedy}", needs_user=True)
