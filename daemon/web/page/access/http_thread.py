"""Run ASGI applications on a thread of their own."""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

import uvicorn

from daemon.web.page.access.bounded_protocol import BoundedProtocol

log = logging.getLogger(__name__)

_LARGEST_HEAD_BYTES = 16_384
_IDLE_SECONDS = 15
_LONGEST_START_SECONDS = 10.0
_LONGEST_EXIT_SECONDS = 3.0


class _Server(uvicorn.Server):
    """Waits for the request to stop, while uvicorn's own server looks for it ten times a second."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start
        self._closing = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        """Return once `close` has been called."""
        self._loop = asyncio.get_running_loop()
        self._on_start()
        if not self.should_exit:
            await self._closing.wait()

    def close(self) -> None:
        """Stop serving; may be called from any thread."""
        self.should_exit = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._closing.set)


class Door(NamedTuple):
    """A way to an application."""

    application: Any
    """The ASGI application that answers there."""
    bound: socket.socket
    """The socket to listen on."""
    protocol: type[BoundedProtocol] = BoundedProtocol
    """Handles its connections."""


class HttpThread:
    """Serves several doors on one event loop while the context is open.

    `on_start` and `on_stop` are called on the thread's event loop, before the first request and
    when the context closes.
    """

    def __init__(
        self, doors: Sequence[Door], on_start: Callable[[], None], on_stop: Callable[[], None]
    ) -> None:
        # Clients may send anything; what they do wrong does not belong in the log.
        for logger in ("uvicorn", "uvicorn.error"):
            logging.getLogger(logger).setLevel(logging.CRITICAL + 1)
        self._has_started = threading.Event()
        self._doors = doors
        self._on_stop = on_stop
        self._on_start = on_start
        self._servers = [_Server(_config_of(door), self._started) for door in doors]
        self._waiting = len(doors)
        self._thread = threading.Thread(target=self._run, name="page", daemon=True)

    def __enter__(self) -> Self:
        """Start, and wait until requests are answered.

        By then every module is imported, so that the loop's garbage collector freezes them.
        """
        self._thread.start()
        self._has_started.wait(_LONGEST_START_SECONDS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._on_stop()
        for server in self._servers:
            server.close()
        self._thread.join(_LONGEST_EXIT_SECONDS)

    def _started(self) -> None:
        self._waiting -= 1
        if not self._waiting:
            self._on_start()
            self._has_started.set()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception:
            # Listening goes on without the page.
            log.exception("the page has stopped; restart Timbrel to get it back")
        finally:
            self._has_started.set()

    async def _serve(self) -> None:
        pairs = zip(self._servers, self._doors, strict=True)
        await asyncio.gather(*(server.serve([door.bound]) for server, door in pairs))


def _config_of(door: Door) -> uvicorn.Config:
    return uvicorn.Config(
        door.application,
        http=door.protocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        h11_max_incomplete_event_size=_LARGEST_HEAD_BYTES,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=1,
    )
