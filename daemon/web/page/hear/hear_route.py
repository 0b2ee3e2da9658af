"""`POST /api/hear`: one recording in, its progress and what was heard in it out, as JSON lines."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, suppress
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from daemon.errors import InputError
from daemon.web.page.access.gate import error_of
from daemon.web.page.hear.analysis import Method, Upload, analyse
from daemon.web.page.hear.upload import UploadError, discard, memory_file, receive
from daemon.web.page.streaming import LastingResponse

# Long enough for a recording of the longest length on a slow machine.
_LONGEST_SECONDS = 900.0
# Lines of JSON; proxies such as Home Assistant's would hold back a type of text to compress it.
_KIND = "application/octet-stream"


class HearRoute:
    """Analyses one recording at a time.

    `methods` are the ways to do it by the titles of their models; the first is the usual one.
    """

    def __init__(self, methods: Mapping[str, Method]) -> None:
        self._methods = methods
        self._is_busy = False

    async def models(self, request: Request) -> Response:  # noqa: ARG002
        """Answer with the titles of the models, the usual one first."""
        return Response(
            msgspec.json.encode({"models": list(self._methods)}), media_type="application/json"
        )

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        usual = next(iter(self._methods))
        method = self._methods.get(request.query_params.get("model", usual))
        if method is None:
            await discard(request)
            return error_of(404, "there is no such model; load the page again")
        if self._is_busy:
            await discard(request)
            return error_of(409, "another recording is being analysed; wait until it is done")
        self._is_busy = True
        with ExitStack() as stack:
            stack.callback(self._done)
            number = stack.enter_context(memory_file())
            try:
                size = await receive(request, number)
            except UploadError as error:
                return error_of(error.code, str(error))
            wants_notes = request.query_params.get("notes") == "1"
            messages = _Messages(method, Upload(number, size, wants_notes))
            first = await messages.next()
            if "error" in first:
                await messages.end()
                return error_of(422, first["error"])
            held = stack.pop_all()

        async def release() -> None:
            # The thread uses the file until it has ended.
            await messages.end()
            held.close()

        return LastingResponse(_lines(first, messages), _KIND, release)

    def _done(self) -> None:
        self._is_busy = False


async def _lines(first: dict[str, Any], messages: "_Messages") -> AsyncIterator[bytes]:
    message = first
    while True:
        yield msgspec.json.encode(message) + b"\n"
        if "progress" not in message:
            return
        message = await messages.next()


class _Messages:
    """The messages of an analysis that runs on a thread."""

    def __init__(self, method: Method, upload: Upload) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._stop = threading.Event()
        self._deadline = self._loop.time() + _LONGEST_SECONDS
        self._has_ended = asyncio.Event()
        work = (method, upload)
        # The end of the process does not wait for a daemon thread.
        threading.Thread(target=self._run, args=work, name="hear", daemon=True).start()

    async def next(self) -> dict[str, Any]:
        """Return the next message: progress, an error or the result; the last two end it."""
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._waiting.get()
        except TimeoutError:
            return {"error": "the analysis takes too long; send a part of the recording"}

    async def end(self) -> None:
        """Stop the analysis and wait until its thread does not use the file any more."""
        self._stop.set()
        await self._has_ended.wait()

    def _run(self, method: Method, upload: Upload) -> None:
        try:
            result = analyse(method, upload, self._tell, self._stop)
            self._tell({"result": result})
        except InputError as error:
            self._tell({"error": str(error)})
        except Exception as error:  # noqa: BLE001
            self._tell({"error": f"internal error: {type(error).__name__}: {error}"})
        finally:
            self._call(self._has_ended.set)

    def _tell(self, message: dict[str, Any]) -> None:
        self._call(self._waiting.put_nowait, message)

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        # The loop may be closed already.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *arguments)
