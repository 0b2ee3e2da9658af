"""Receive an uploaded recording into memory, within limits of size and time."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from starlette.requests import ClientDisconnect, Request

MOST_BYTES = 50_000_000
"""The largest upload."""
_STALL_SECONDS = 15.0
_LONGEST_SECONDS = 300.0


class UploadError(Exception):
    """The upload is refused; `code` is the HTTP status code."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        """The HTTP status code."""


@contextmanager
def memory_file() -> Iterator[int]:
    """Yield the descriptor of a file that is in memory only and ends with the context."""
    number = os.memfd_create("upload", os.MFD_CLOEXEC)
    try:
        yield number
    finally:
        os.close(number)


async def receive(request: Request, number: int) -> int:
    """Write the body of a request to a file; return its size in bytes.

    Raises UploadError if it is empty, too large, too slow or cut off.
    """
    too_large = UploadError(413, f"larger than {MOST_BYTES // 1_000_000} MB; send FLAC or MP3")
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > MOST_BYTES:
        raise too_large
    size = 0
    pieces = request.stream()
    try:
        async with asyncio.timeout(_LONGEST_SECONDS):
            while True:
                async with asyncio.timeout(_STALL_SECONDS):
                    piece = await anext(pieces, None)
                if piece is None:
                    break
                size += len(piece)
                if size > MOST_BYTES:
                    raise too_large
                _write(number, piece)
    except (TimeoutError, ClientDisconnect):
        raise UploadError(408, "the upload did not arrive completely; try again") from None
    if not size:
        raise UploadError(422, "the recording is empty; record or export it again")
    return size


async def discard(request: Request) -> None:
    """Read the body of a request that is refused, within the same limits.

    Browsers show no answer that arrives before they have sent everything.
    """
    size = 0
    with suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(_LONGEST_SECONDS):
            pieces = request.stream()
            while size <= MOST_BYTES:
                async with asyncio.timeout(_STALL_SECONDS):
                    piece = await anext(pieces, None)
                if piece is None:
                    return
                size += len(piece)


def _write(number: int, piece: bytes) -> None:
    left = memoryview(piece)
    while left:
        left = left[os.write(number, left) :]
