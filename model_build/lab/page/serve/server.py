"""Serve the pages of a folder of runs to browsers on this machine."""

import re
import socket
from contextlib import suppress
from pathlib import Path

import msgspec

from daemon.errors import InputError
from daemon.system.installation import pip_install
from model_build.lab.page.serve.live import live_state
from model_build.lab.page.write import INDEX, write_index

try:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.responses import FileResponse, Response
    from starlette.routing import Route
except ModuleNotFoundError as missing:
    raise InputError(
        f"lab serve needs {missing.name} (the extra lab); {pip_install('starlette', 'uvicorn')}"
    ) from None

ADDRESS = "127.0.0.1"

_SERVED = re.compile(
    r"[A-Za-z0-9_.-]+\.html|assets/[A-Za-z0-9_.-]+|clips/[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?"
)
"""The files of a folder of runs that browsers get: no models, no tables."""
_NAMES = {ADDRESS, "localhost"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def serve(folder: Path, port: int) -> None:
    """Serve until Ctrl-C, which is the usual end and returns.

    Raises InputError if the folder is missing or the port is taken.
    """
    write_index(folder)
    with listening(port) as listener:
        print(f"http://{ADDRESS}:{port}/ shows {folder}; Ctrl-C ends", flush=True)
        config = uvicorn.Config(application(folder), log_level="warning", access_log=False)
        with suppress(KeyboardInterrupt):  # uvicorn raises it again once it has ended
            uvicorn.Server(config).run(sockets=[listener])


def listening(port: int) -> socket.socket:
    """Return a listening socket on the loopback address. Raises InputError if it is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((ADDRESS, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        why = error.strerror if isinstance(error, OSError) else "there is no such port"
        raise InputError(f"port {port}: {why}; choose another one with --port") from None
    return listener


def application(folder: Path) -> Starlette:
    """Return the application that serves a folder of runs."""
    root = folder.resolve()

    async def live(request: Request) -> Response:
        _check_host(request)
        body = msgspec.json.encode(live_state(root))
        return Response(body, media_type="application/json", headers=_HEADERS)

    async def page(request: Request) -> Response:
        _check_host(request)
        name = request.path_params["path"] or INDEX
        file = _file(root, name)
        if file is None:
            raise HTTPException(404, "there is no such page")
        return FileResponse(file, headers=_HEADERS)

    return Starlette(routes=[Route("/live.json", live), Route("/{path:path}", page)])


def _file(root: Path, name: str) -> Path | None:
    """Return the file of a name; None if there is none, or if it is not for browsers."""
    if not _SERVED.fullmatch(name):
        return None
    file = (root / name).resolve()
    return file if file.is_relative_to(root) and file.is_file() else None


def _check_host(request: Request) -> None:
    """Refuse pages of other hosts, which a browser was made to ask for here (DNS rebinding)."""
    if request.url.hostname not in _NAMES:
        raise HTTPException(421, "the Host header must be localhost")
