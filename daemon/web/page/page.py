"""Serve the page, if it is configured."""

import errno
import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from daemon.configuration.settings import WebSettings
from daemon.configuration.web_password import PasswordHash, read_web_password
from daemon.errors import InputError
from daemon.system.installation import command, pip_install
from daemon.web.page.access.hosts import Hosts, is_loopback

if TYPE_CHECKING:
    from daemon.web.page.routes import PageParts

log = logging.getLogger(__name__)

USUAL_PORT = 8324
"""The port of `timbrel run --web`, unless another one is configured."""
_REFUSED = {errno.EPERM, errno.EACCES}


def check_packages() -> None:
    """Raise InputError unless the packages of the `web` extra are installed."""
    if not (find_spec("starlette") and find_spec("uvicorn")):
        raise InputError(
            "web.port: needs the packages starlette and uvicorn; "
            f"{pip_install('starlette', 'uvicorn')}, or leave it out"
        )


@contextmanager
def serve_page(web: WebSettings, parts: "Callable[[], PageParts]") -> Iterator[None]:
    """Serve the page while the context is open; do nothing if its port is None.

    If it cannot be served, one warning names the remedy, and listening goes on without it. Raises
    InputError if its packages are not installed.
    """
    if web.port is None:
        yield
        return
    check_packages()
    try:
        password = page_password(web)
        bound = _bound(web)
    except InputError as error:
        log.warning("%s; the page is off", error)
        yield
        return
    # Imported late to save memory: most daemons have no page.
    from daemon.web.page.access.gate import Access
    from daemon.web.page.access.http_thread import HttpThread
    from daemon.web.page.access.logins import Logins
    from daemon.web.page.routes import Routes

    shown, logins = parts(), Logins(password, time.monotonic)
    application = Routes(shown, logins).application()
    hosts = Hosts(web.bind, web.hosts)
    access = Access(application, hosts, logins)
    with HttpThread(access, bound, shown.live.begin, shown.live.close):
        log.info("the page is at %s", _address(web))
        yield


def page_password(web: WebSettings) -> PasswordHash | None:
    """Return the page's password; None if it has none.

    Raises InputError if it cannot be read, or if other machines could reach the page without one.
    """
    password = read_web_password(web)
    if password is not None:
        return password
    remedy = f"set one with `{command('web-password', as_root=True)}`"
    if not is_loopback(web.bind):
        raise InputError(
            f"web.bind: {web.bind} can be reached from other machines, so the page needs a "
            f"password; {remedy}, or remove web.bind"
        )
    if web.hosts:
        raise InputError(
            f"web.hosts: a page with other host names needs a password; {remedy}, or remove "
            "web.hosts"
        )
    return None


def _bound(web: WebSettings) -> socket.socket:
    """Return a listening socket; raises InputError with the remedy if that is impossible."""
    try:
        found = socket.getaddrinfo(web.bind, web.port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise InputError(f"web.bind: {web.bind}: {error.strerror}; use an address") from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(128)
    except OSError as error:
        bound.close()
        raise _unusable(web, error) from None
    return bound


def _unusable(web: WebSettings, error: OSError) -> InputError:
    reason = f"cannot listen on port {web.port} ({error.strerror})"
    if error.errno == errno.EADDRNOTAVAIL:
        return InputError(f"web.bind: {web.bind} is not an address of this machine; use another")
    if error.errno in _REFUSED:
        update = command("install-service", as_root=True)
        return InputError(f"web.port: {reason}; run `{update}`, which allows it in the unit")
    return InputError(f"web.port: {reason}; choose another port")


def _address(web: WebSettings) -> str:
    host = f"[{web.bind}]" if ":" in web.bind else web.bind
    return f"http://{host}:{web.port}/"
