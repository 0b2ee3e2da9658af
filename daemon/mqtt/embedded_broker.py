"""An MQTT broker inside this process, on a free loopback port, for the demo and the bench."""

import asyncio
import importlib.util
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from daemon.errors import FailedError, InputError

_START_SECONDS = 10.0
_STOP_SECONDS = 5.0
# Time for a received packet to reach amqtt's message queue.
_PACKET_SECONDS = 0.02

log = logging.getLogger(__name__)


def check_extra(otherwise: str = "") -> None:
    """Raise InputError if the `demo` extra is not installed, without importing it.

    `otherwise` is appended to the error: another remedy for the user.
    """
    if importlib.util.find_spec("amqtt") is None:
        from daemon.system.installation import pip_install

        raise InputError(
            f"the demo extra is not installed; {pip_install('amqtt', 'rich')}{otherwise}"
        )


@contextmanager
def embedded_broker() -> Iterator[int]:
    """Run a broker while the context is open; yield its port.

    Raises InputError if the `demo` extra is missing, FailedError if the broker fails to start.
    """
    check_extra()
    broker_class = _broker_class()
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

    async def start() -> Any:
        broker = broker_class(settings)
        await broker.start()
        return broker

    try:
        broker = asyncio.run_coroutine_threadsafe(start(), loop).result(_START_SECONDS)
    except Exception as error:  # noqa: BLE001 (amqtt and asyncio raise many kinds)
        reason = str(error) or type(error).__name__
        raise FailedError(f"the embedded broker failed to start: {reason}") from None
    try:
        yield port
    finally:
        try:
            asyncio.run_coroutine_threadsafe(_stop(broker), loop).result(_STOP_SECONDS)
        except Exception as error:  # noqa: BLE001 (a failed shutdown need not fail the command)
            log.debug("the embedded broker did not shut down: %r", error)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_STOP_SECONDS)
        if not thread.is_alive():
            loop.close()


def _broker_class() -> Any:
    """Return a subclass of amqtt's broker that works around two of its bugs."""
    from amqtt.broker import Broker

    class CarefulBroker(Broker):  # type: ignore[misc]
        # amqtt does not close the connection of a client that sends no CONNECT of MQTT 3.1.1.
        async def stream_connected(
            self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
        ) -> None:
            try:
                await super().stream_connected(reader, writer, listener_name)
            finally:
                writer.close()

        # amqtt drops messages that a client sends right before it disconnects.
        async def _client_message_loop(self, client_session: Any, handler: Any) -> None:
            disconnected = handler.wait_disconnect

            async def all_delivered() -> Any:
                packet = await disconnected()
                await asyncio.sleep(_PACKET_SECONDS)
                # amqtt has no event for an empty queue.
                while not client_session.delivered_message_queue.empty():  # noqa: ASYNC110
                    await asyncio.sleep(_PACKET_SECONDS)
                return packet

            handler.wait_disconnect = all_delivered
            await super()._client_message_loop(client_session, handler)

    return CarefulBroker


def _report_all_but_cancelled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Handle exceptions of callbacks: Python 3.11 reports cancelled connections as errors."""
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)


async def _stop(broker: Any) -> None:
    asyncio.get_running_loop().set_exception_handler(_report_all_but_cancelled)
    await broker.shutdown()
    # Tasks of connections that are still closing.
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
