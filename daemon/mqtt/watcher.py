"""A second client of the broker that shows the messages we publish."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from daemon.configuration.settings import MqttSettings
from daemon.errors import FailedError, InputError
from daemon.mqtt.trouble import explain
from daemon.mqtt.wire.bounded_client import BoundedClient
from daemon.mqtt.wire.tls import tls_context
from daemon.system.stop import Stop

_ANSWER_SECONDS = 10.0
_POLL_SECONDS = 0.2


@contextmanager
def watching(
    settings: MqttSettings,
    password: str | None,
    show: Callable[[str, bytes], None],
    topics: Sequence[str] = (),
    stop: Stop | None = None,
) -> Iterator[bool]:
    """Call `show` on a thread with the topic and payload of every message on `topics`.

    Without `topics` it subscribes to everything under the topic prefix and the discovery prefix.
    Yields True once the broker has confirmed the subscriptions, False if `stop` was set first.
    Raises InputError if the broker refuses the credentials or the topics, and FailedError if it
    cannot be reached.
    """
    stop = stop or Stop()
    client = _client(settings, password)
    topics = topics or (f"{settings.topic_prefix}/#", f"{settings.discovery_prefix}/#")
    answered = threading.Event()
    refusals: list[str] = []

    def on_connect(_c: Any, _u: Any, _f: Any, code: Any, _p: Any) -> None:
        if code.is_failure:
            refusals.append(code.getName())
            answered.set()
        else:
            client.subscribe([(topic, 1) for topic in topics])

    def on_subscribe(_c: Any, _u: Any, _mid: int, codes: Any, _p: Any) -> None:
        refusals.extend(code.getName() for code in codes if code.is_failure)
        answered.set()

    client.on_connect = on_connect
    client.on_subscribe = on_subscribe
    client.on_message = lambda _client, _data, message: show(message.topic, bytes(message.payload))
    try:
        client.connect(settings.host, settings.effective_port)
    except (OSError, ValueError) as error:
        trouble = explain(error, settings)
        raise (InputError if trouble.needs_user else FailedError)(trouble.reason) from None
    client.loop_start()

    try:
        _wait(answered, stop)
        if not stop.is_set():
            _check(settings, refusals, answered=answered.is_set())
        yield answered.is_set()
    finally:
        client.disconnect()
        client.loop_stop()


def _client(settings: MqttSettings, password: str | None) -> BoundedClient:
    client = BoundedClient(
        CallbackAPIVersion.VERSION2,
        protocol=MQTTProtocolVersion.MQTTv311,
        on_oversized=lambda _: None,
    )
    if settings.username is not None:
        client.username_pw_set(settings.username, password)
    if settings.tls is not None:
        client.tls_set_context(tls_context(settings.tls))
    return client


def _wait(answered: threading.Event, stop: Stop) -> None:
    deadline = time.monotonic() + _ANSWER_SECONDS
    while not stop.is_set() and not answered.wait(_POLL_SECONDS):
        if time.monotonic() > deadline:
            return


def _check(settings: MqttSettings, refusals: Sequence[str], *, answered: bool) -> None:
    where = f"the broker at {settings.host}:{settings.effective_port}"
    if refusals:
        raise InputError(
            f"{where} answers {refusals[0]}; check mqtt.username, mqtt.password_file and the "
            "user's read access in the broker's access list"
        )
    if not answered:
        raise FailedError(f"{where} does not answer")
