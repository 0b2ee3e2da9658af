"""An MQTT broker inside this process, on a free loopback port, for the demo and the bench."""

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from daemon.errors import InputError

_START_SECONDS = 10.0


@contextmanager
def embedded_broker() -> Iterator[int]:
    """A broker for the time of the context; gives its port.

    Raises InputError where the `demo` extra is not installed.
    """
    try:
        from amqtt.broker import Broker
    except ImportError:
        raise InputError(
            "the embedded broker is missing; pip install amqtt, or name your own broker "
            "with --config"
        ) from None
    logging.getLogger("amqtt").setLevel(logging.CRITICAL)
    logging.getLogger("transitions").setLevel(logging.CRITICAL)
    port = _free_port()
    settings = {
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="broker", daemon=True)
    thread.start()

    class ClosingBroker(Broker):  # type: ignore[misc]
        # amqtt leaves the connection of a client that says nothing, or no MQTT 3.1.1, open.
        async def stream_connected(
            self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
        ) -> None:
            try:
                await super().stream_connected(reader, writer, listener_name)
            finally:
                writer.close()

    async def start() -> Broker:
        broker = ClosingBroker(settings)
        await broker.start()
        return broker

    broker = asyncio.run_coroutine_threadsafe(start(), loop).result(_START_SECONDS)
    try:
        yield port
    finally:
        asyncio.run_coroutine_threadsafe(broker.shutdown(), loop).result(_START_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_START_SECONDS)
        loop.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
