"""Answers that last: what they hold is released however they end, even before they begin."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from starlette.responses import StreamingResponse

from daemon.web.page.access.gate import Receive, Scope, Send


class LastingResponse(StreamingResponse):
    """Sends `pieces`, then awaits `release` once."""

    def __init__(
        self,
        pieces: AsyncIterator[bytes],
        kind: str,
        release: Callable[[], Awaitable[None]],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(pieces, media_type=kind, headers=headers)
        self._release = release

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await asyncio.shield(_awaited(self._release))


async def _awaited(release: Callable[[], Awaitable[None]]) -> None:
    await release()
