"""The demo's broker: embedded or configured. A second client receives the demo's messages."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from daemon.commands.broker_wait import wait_for_broker
from daemon.configuration.service_password import find_password
from daemon.configuration.settings import MqttSettings, Settings
from daemon.errors import FailedError
from daemon.hub.board import Board
from daemon.hub.messages import Node
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
# On a busy machine the embedded broker needs time to pass on all messages.
_OFFLINE_SECONDS = 20.0


class Delivery:
    """A reporter that publishes, and whether the broker has accepted its events."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self.undelivered = 0
        """Events that the broker had not accepted at the end."""
        self.reason = "it does not answer"
        """Why events were not accepted."""

    def check(self) -> None:
        """Raise FailedError if events were not delivered."""
        if self.undelivered:
            raise FailedError(
                f"{self.undelivered} event(s) were not delivered to the broker: {self.reason}"
            )


def with_embedded_broker(settings: Settings, stack: ExitStack) -> Settings:
    """Start a broker that runs until `stack` closes; return the settings that use it."""
    port = stack.enter_context(embedded_broker())
    mqtt = MqttSettings(host="127.0.0.1", port=port, protocol="3.1.1")
    return msgspec.structs.replace(settings, mqtt=mqtt)


def demo_node(settings: Settings, recognizer: Recognizer) -> Node:
    """Return the node of the demo."""
    return node_of(settings, recognizer, _NODE)


@contextmanager
def open_delivery(
    settings: Settings,
    recognizer: Recognizer,
    wall_at: Callable[[float], float],
    receive: Callable[[str, bytes], object],
    stop: Stop,
    *,
    board: Board | None = None,
    config: Path | None = None,
) -> Iterator[Delivery]:
    """Connect to the broker as node `demo`; yield a delivery that publishes there.

    `board` gets its messages; None: a new one. `wall_at` returns the wall time of a second of the
    sound. `receive` is called on another thread with the topic and payload of every message of the
    node, as a second client receives it. `config` is the file that the settings came from. A
    request to stop ends the wait for the broker.

    Raises InputError if the broker refuses the login, FailedError if it cannot be reached.
    """
    mqtt, node = settings.mqtt, demo_node(settings, recognizer)
    got_online, got_offline = threading.Event(), threading.Event()

    def take(topic: str, payload: bytes) -> None:
        if not payload:
            return  # The node clears its topics after it went offline.
        receive(topic, payload)
        if topic == node.availability_topic:
            # An `offline` before `online` is the retained one of an earlier demo.
            if payload == b"online":
                got_online.set()
            elif got_online.is_set():
                got_offline.set()

    device = device_topic(node.discovery_prefix, node.name, node.id_suffix)
    topics = [node.topic("#"), device]
    # Read the password only once: if its file is a pipe, a second read returns nothing.
    password = find_password(mqtt, config)
    link, reporter = publishing(settings, node, password, wall_at, recognizer.shown, board=board)
    delivery = Delivery(reporter)
    with watching(mqtt, password, take, topics=topics, stop=stop) as is_subscribed:
        with link:
            wait_for_broker(link.connection, stop, _CONNECT_SECONDS)
            yield delivery
            connected = link.connection.is_accepted
            delivery.undelivered = link.flush(_FLUSH_SECONDS if connected else 0.0)
            if link.connection.trouble is not None:
                delivery.reason = link.connection.trouble.reason
        # Without a subscription, the second client never receives `offline`.
        got_offline.wait(_OFFLINE_SECONDS if connected and is_subscribed else 0.0)
