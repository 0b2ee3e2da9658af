"""HTTP connections with limits: their number, and the time that a request's head may take."""

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_CONNECTIONS = 64
"""Connections at a time; further ones are closed at once."""
HEAD_SECONDS = 10.0
"""Time for the head of a request, from the connection or the end of the request before."""


class BoundedProtocol(H11Protocol):
    """Closes a connection that sends no complete head in time, such as that of a slow attacker."""

    only_client: ClassVar[str | None] = None
    """The only address that may connect; None: any."""
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Accept the connection, unless there are too many or the client is a wrong one."""
        super().connection_made(transport)
        client = transport.get_extra_info("peername")
        is_foreign = self.only_client is not None and (not client or client[0] != self.only_client)
        if is_foreign or len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
            return
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._head_arrived()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Process what has arrived; a complete head stops the clock."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._head_arrived()

    def on_response_complete(self) -> None:
        """Expect the head of the next request."""
        answered = self.cycle
        super().on_response_complete()
        if self.cycle is answered and not self.transport.is_closing():
            self._expect_head()

    def _expect_head(self) -> None:
        self._head_arrived()
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._close_unfinished)

    def _head_arrived(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _close_unfinished(self) -> None:
        self._deadline = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()
