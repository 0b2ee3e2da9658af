"""Waits for a connection's socket, and reads and writes it; other threads may end the wait."""

import select
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Self

from daemon.mqtt.wire.bounded_client import BoundedClient


class NotMqttError(Exception):
    """What answers the login is not MQTT."""


class Pump:
    """Moves bytes between an MQTT client and its socket; a context manager.

    `wake` may be called from any thread, at any time.
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
        """End the wait."""
        try:
            self._waker.send(b"\0")
        except OSError:
            return  # The pipe is full: the thread is about to look anyway.

    def turn(
        self, client: BoundedClient, wait_seconds: float, is_answered: Callable[[], bool]
    ) -> None:
        """Wait at most so long for something to read or write, and do it.

        Raises what the MQTT library raises, and NotMqttError instead unless the server
        `is_answered`, that is, has replied to our login with a packet of MQTT.
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
        # A server that is no broker may send what breaks the library anywhere.
        if is_answered():
            raise
        raise NotMqttError from error
