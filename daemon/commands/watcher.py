"""Another client of the broker: what it receives of us, and what it may clear away."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from daemon.errors import FailedError
from daemon.settings import MqttSettings
from daemon.tls import tls_context
from daemon.trouble import explain

_SUBSCRIBE_SECONDS = 10.0
_PUBLISH_SECONDS = 10.0


class Publish(Protocol):
    """Publish, and wait until the broker has it."""

    def __call__(self, topic: str, payload: bytes, *, retain: bool) -> None:  # noqa: D102
        ...


@contextmanager
def watching(
    settings: MqttSettings, password: str | None, show: Callable[[str, bytes], None]
) -> Iterator[Publish]:
    """Show every message under our topics and discovery's as another client receives it."""
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311)
    if settings.username is not None:
        client.username_pw_set(settings.username, password)
    if settings.tls is not None:
        client.tls_set_context(tls_context(settings.tls))
    topics = [(f"{settings.topic_prefix}/#", 1), (f"{settings.discovery_prefix}/#", 1)]
    subscribed = threading.Event()

    def on_connect(*_: Any) -> None:
        client.subscribe(topics)

    client.on_connect = on_connect
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = lambda _client, _data, message: show(message.topic, bytes(message.payload))
    try:
        client.connect(settings.host, settings.effective_port)
    except OSError as error:
        raise FailedError(explain(error, settings).reason) from None
    client.loop_start()

    def publish(topic: str, payload: bytes, *, retain: bool) -> None:
        client.publish(topic, payload, 1, retain).wait_for_publish(_PUBLISH_SECONDS)

    try:
        subscribed.wait(_SUBSCRIBE_SECONDS)
        yield publish
    finally:
        client.disconnect()
        client.loop_stop()
