"""One connection to the broker, by stages: name, TCP, TLS, login, subscribing, publishing."""

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
# Names are looked up by the system, which has time limits of its own.
_LONGEST_SECONDS = 45.0
_RETURN_SECONDS = 2.0
_UNCERTAIN = "but whether that was allowed cannot be told (MQTT 3.1.1)"
# Below a place's topics.
_PROBE = "check"
# No device of ours is called so: their ids begin with `timbrel_`.
_PROBE_DEVICE = "timbrel-check"


class BrokerTrial:
    """Connects once, as a client of its own, and changes nothing in a hub.

    It runs on a thread, and `wait` gives up on one that hangs. `is_certain`: whether the broker
    would have said that publishing is refused. `password` is called on that thread.
    """

    def __init__(self, settings: Settings, password: Callable[[], str | None]) -> None:
        self._settings = settings
        self._password = password
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
            return Trouble(f"no answer within {_LONGEST_SECONDS:g} s", needs_user=False)
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
        except BrokerRefusedError as error:
            self._trouble = Trouble(str(error), needs_user=error.needs_user)
        except InputError as error:
            self._trouble = Trouble(str(error), needs_user=True)
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
        # Not the daemon's own, which the broker would disconnect.
        client_id = f"{mqtt.client_id or f'timbrel-{self._settings.name}'}-check"
        with broker_session(mqtt, self._password(), client_id) as session:
            self._stages.append(f"logged in with MQTT {session.version}")
            _subscribe(session, self._topics("mute/set", *mqtt.birth_topics[:1]))
            self._stages.append("subscribed to commands")
            probes = self._topics(_PROBE)
            for topic in (*probes, *self._discovery_probes()):
                _publish(session, topic)
            self.is_certain = session.has_reason_codes or _returns(session, probes)
            self._stages.append("published" if self.is_certain else f"published, {_UNCERTAIN}")

    def _topics(self, leaf: str, *discovery: str) -> list[str]:
        """That topic of every place, and those that only discovery needs."""
        prefix = self._settings.mqtt.topic_prefix
        own = [f"{prefix}/{place.name}/{leaf}" for place in self._settings.places]
        return [*own, *(discovery if self._settings.mqtt.discovery else ())]

    def _discovery_probes(self) -> list[str]:
        """Return discovery topics of devices that do not exist.

        An access list with wildcards treats them as the real ones; one with exact topics may refuse
        them. An empty message there removes nothing; Home Assistant logs that there is no such
        device.
        """
        prefix = self._settings.mqtt.discovery_prefix
        places = self._settings.places if self._settings.mqtt.discovery else ()
        return [f"{prefix}/device/{_PROBE_DEVICE}_{place.name}/config" for place in places]


def _subscribe(session: BrokerSession, topics: Sequence[str]) -> None:
    """Subscribe to all; raises BrokerRefusedError that names the refused topics."""
    if refused := session.subscribe(topics):
        raise _not_allowed("subscribing to", ", ".join(refused), "read")


def _publish(session: BrokerSession, topic: str) -> None:
    """Publish an empty message without retain; raises BrokerRefusedError if it is refused."""
    if is_refusal(session.publish(topic)):
        trouble = _not_allowed("publishing to", topic, "write")
        exact = "this topic is for this test only: a list of exact topics may allow the real ones"
        raise BrokerRefusedError(f"{trouble}; {exact}", needs_user=True)


def _returns(session: BrokerSession, topics: Sequence[str]) -> bool:
    """Whether messages published there come back to a subscriber; refused ones do not.

    False also where this client may not read its own topics.
    """
    if session.subscribe(topics):
        return False
    for topic in topics:
        _publish(session, topic)
    return session.receive_until(topics, _RETURN_SECONDS)


def _not_allowed(doing: str, topics: str, right: str) -> BrokerRefusedError:
    remedy = f"give the user the right to {right} there in the broker's access list"
    return BrokerRefusedError(f"{doing} {topics} is refused; {remedy}", needs_user=True)
