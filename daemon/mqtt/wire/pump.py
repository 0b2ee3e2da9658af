"""Wait for a connection's socket, then read and write it; other threads can end the wait."""

import select
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Self

from daemon.mqtt.wire.bounded_client import BoundedClient


class NotMqttError(Exception):
    """The server's answer to our CONNECT is not MQTT."""


class Pump:
    """Moves bytes between an MQTT client and its socket; a context manager.

    `wake` may be called from any thread, even after the end.
    """

    def __init__(self) -> None:
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)  # noqa: FBT003

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._waker.close()
        self._woken.close()

    def wake(self) -> None:
        """End the wait of `turn`."""
        try:
            self._waker.send(b"\0")
        except OSError:
            return  # The pipe is full: `turn` is about to return anyway.

    def turn(
        self, client: BoundedClient, wait_seconds: float, is_answered: Callable[[], bool]
    ) -> None:
        """Wait up to `wait_seconds` until the socket is ready, then read and write.

        `is_answered` returns True once a CONNACK has come. Before that, an error of the MQTT
        library raises NotMqttError, except OSError and MemoryError, which are always passed on.
        """
        server = client.socket()
        if server is None:
            return
        pending = client.packets.pending() > 0
        wanted = [server] if client.want_write() else []
        readable, writable, _ = select.select(
            [server, self._woken], wanted, [], 0.0 if pending else wait_seconds
        )
        if self._woken in readable:
            self._woken.recv(4096)
        if server in readable or pending:
            _read(client, is_answered)
        if server in writable:
            client.loop_write()


def _read(client: BoundedClient, is_answered: Callable[[], bool]) -> None:
    try:
        client.loop_read()
    except (OSError, MemoryError):
        raise
    except Exception as error:
        # Data of a server that is not a broker may break the library anywhere.
        if is_answered():
            raise
        raise NotMqttError from error
