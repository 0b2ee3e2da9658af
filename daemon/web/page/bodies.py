"""The bodies of small requests, and answers in JSON."""

import asyncio
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

_LARGEST_BODY_BYTES = 4_096
_BODY_SECONDS = 10.0


def json_answer(body: Any, code: int = 200) -> Response:
    """Return an answer in JSON."""
    return Response(msgspec.json.encode(body), code, media_type="application/json")


async def small_body(request: Request) -> bytes | None:
    """Return the body of a request; None if it is too large or takes too long."""
    body = b""
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for piece in request.stream():
                body += piece
                if len(body) > _LARGEST_BODY_BYTES:
                    return None
    except (TimeoutError, ClientDisconnect):
        return None
    return body
