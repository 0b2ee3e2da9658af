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
from daemon.mqtt.outbox.outbox import Outbox
from daemon.mqtt.watcher import watching
from daemon.runtime.wiring import Recognizer, link_to, node_of
from daemon.system.stop import Stop

_NODE = "demo"
_CONNECT_SECONDS = 10.0
_FLUSH_SECONDS = 5.0
# The embedded broker still works through what was published when the machine is busy.
_GOODBYE_SECONDS = 20.0


class PublishingHub:
    """A hub that publishes; at the end, `undelivered` counts events that were not accepted."""

    def __init__(self, hub: Reporter) -> None:
        self.hub = hub
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
) -> Iterator[PublishingHub]:
    """Publish as node `demo`; `receive` gets every message of that node as another client does.

    Raises InputError or FailedError when the broker cannot be reached or refuses us. A request to
    stop ends the wait for the broker.
    """
    mqtt, node = settings.mqtt, node_of(settings, recognizer, _NODE)
    said_goodbye = threading.Event()

    def take(topic: str, payload: bytes) -> None:
        if not payload:
            return  # Cleared after the goodbye.
        receive(topic, payload)
        if topic == node.availability_topic:
            # The goodbye is the last message. A broker may still keep that of an earlier demo.
            (said_goodbye.set if payload == b"offline" else said_goodbye.clear)()

    device = device_topic(node.discovery_prefix, node.name, node.id_suffix)
    topics = [f"{mqtt.topic_prefix}/{_NODE}/#", device]
    outbox = Outbox()
    # Once: a pipe gives it once.
    password = find_password(mqtt, config)
    link = link_to(
        settings,
        node,
        outbox,
        lambda: hub.greeting(discovery=mqtt.discovery),
        password=password,
        leaves_nothing=True,
    )
    hub = Reporter(node, link.publish, outbox, wall_at)
    publishing = PublishingHub(hub)
    with watching(mqtt, password, take, topics=topics, stop=stop):
        with link:
            wait_for_broker(link, stop, _CONNECT_SECONDS)
            yield publishing
            connected = link.wait_connected(0.0)
            publishing.undelivered = link.flush(_FLUSH_SECONDS if connected else 0.0)
            if link.trouble is not None:
                publishing.reason = link.trouble.reason
        said_goodbye.wait(_GOODBYE_SECONDS if connected else 0.0)
