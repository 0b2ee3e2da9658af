"""The demo's way to a broker: its own or the configured one, and what another client gets there."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from daemon.commands.broker_wait import wait_for_broker
from daemon.configuration.service_password import find_password
from daemon.configuration.settings import MqttSettings, Settings
from daemon.errors import FailedError
from daemon.hub.reporter import Reporter
from daemon.hub.topics import device_topic
from daemon.mqtt.embedded_broker import embedded_broker
from daemon.mqtt.watcher import watching
from daemon.runtime.publishing import publishing
from daemon.runtime.wiring import Recognizer, node_of
from daemon.system.stop import Stop

_NODE = "demo"
_CONNECT_SECONDS = 10.0
_FLUSH_SECONDS = 5.0
# The embedded broker still works through what was published when the machine is busy.
_GOODBYE_SECONDS = 20.0


class Delivery:
    """A reporter that publishes; at the end, `undelivered` counts events that were not accepted."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self.undelivered = 0
        self.reason = "it does not answer"

    def check(self) -> None:
        """Raise FailedError when events were not delivered."""
        if self.undelivered:
            raise FailedError(
                f"{self.undelivered} event(s) were not delivered to the broker: {self.reason}"
            )


def at_own_broker(settings: Settings, stack: ExitStack) -> Settings:
    """The settings with a broker that lives as long as the stack."""
    port = stack.enter_context(embedded_broker())
    mqtt = MqttSettings(host="127.0.0.1", port=port, protocol="3.1.1")
    return msgspec.structs.replace(settings, mqtt=mqtt)


@contextmanager
def published(
    settings: Settings,
    recognizer: Recognizer,
    wall_at: Callable[[float], float],
    receive: Callable[[str, bytes], object],
    stop: Stop,
    *,
    config: Path | None = None,
) -> Iterator[Delivery]:
    """Publish as node `demo`; `receive` gets every message of that node as another client does.

    Raises InputError or FailedError when the broker cannot be reached or refuses us. A request to
    stop ends the wait for the broker.
    """
    mqtt, node = settings.mqtt, node_of(settings, recognizer, _NODE)
    said_hello, said_goodbye = threading.Event(), threading.Event()

    def take(topic: str, payload: bytes) -> None:
        if not payload:
            return  # Cleared after the goodbye.
        receive(topic, payload)
        if topic == node.availability_topic:
            # A broker may still keep the goodbye of an earlier demo, and may say `online` twice.
            if payload == b"online":
                said_hello.set()
            elif said_hello.is_set():
                said_goodbye.set()

    device = device_topic(node.discovery_prefix, node.name, node.id_suffix)
    topics = [f"{mqtt.topic_prefix}/{_NODE}/#", device]
    # Once: a pipe gives it once.
    password = find_password(mqtt, config)
    link, reporter = publishing(settings, node, password, wall_at)
    delivery = Delivery(reporter)
    with watching(mqtt, password, take, topics=topics, stop=stop) as is_subscribed:
        with link:
            wait_for_broker(link.connection, stop, _CONNECT_SECONDS)
            yield delivery
            connected = link.connection.is_accepted
            delivery.undelivered = link.flush(_FLUSH_SECONDS if connected else 0.0)
            if link.connection.trouble is not None:
                delivery.reason = link.connection.trouble.reason
        # Without its subscription, the other client never gets the goodbye.
        said_goodbye.wait(_GOODBYE_SECONDS if connected and is_subscribed else 0.0)
