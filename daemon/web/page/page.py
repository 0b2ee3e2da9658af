"""Serve the page, if it is configured."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from daemon.configuration.web_password import PasswordHash, read_web_password
from daemon.configuration.web_settings import WebSettings
from daemon.errors import InputError
from daemon.system.installation import command, pip_install
from daemon.web.page.access.hosts import Hosts, is_loopback
from daemon.web.page.listening import address_of, bound_to, web_address

if TYPE_CHECKING:
    import socket

    from daemon.web.page.access.http_thread import Door, HttpThread
    from daemon.web.page.routes import PageParts

log = logging.getLogger(__name__)

USUAL_PORT = 8324
"""The port of `timbrel run --web`, unless another one is configured."""


def is_wanted(web: WebSettings) -> bool:
    """Return whether the settings ask for the page."""
    return web.port is not None or web.ingress


def check_packages() -> None:
    """Raise InputError unless the packages of the `web` extra are installed."""
    if not has_packages():
        raise InputError(
            "web.port: needs the packages starlette and uvicorn; "
            f"{pip_install('starlette', 'uvicorn')}, or leave it out"
        )


def has_packages() -> bool:
    """Return whether the packages of the `web` extra are installed."""
    return all(find_spec(package) for package in ("starlette", "uvicorn"))


@contextmanager
def serve_page(web: WebSettings, parts: "Callable[[], PageParts]") -> Iterator[None]:
    """Serve the page while the context is open; do nothing if the settings do not ask for it.

    If it cannot be served, one warning names the remedy, and listening goes on without it. Raises
    InputError if its packages are not installed.
    """
    if not is_wanted(web):
        yield
        return
    check_packages()
    own, supervisors = _own_socket(web), _supervisors_socket(web)
    if own is None and supervisors is None:
        yield
        return
    # Imported late to save memory: most daemons have no page.
    from daemon.web.page.doors import ingress_door, own_door
    from daemon.web.page.hear.hear_route import HearRoute

    shown = parts()
    hear = HearRoute(shown.methods)
    doors = []
    if own is not None:
        bound, password = own
        doors.append(own_door(shown, hear, bound, password, Hosts(web.bind, web.hosts)))
        log.info("the page is at %s", web_address(web))
    if supervisors is not None:
        doors.append(ingress_door(shown, hear, supervisors))
        log.info("the page is in Home Assistant, through its ingress")
    with _thread(shown, doors):
        yield


@contextmanager
def serve_on_free_port(parts: "Callable[[], PageParts]") -> Iterator[str]:
    """Serve the page on a free loopback port without a password; yield its address.

    The packages of the `web` extra must be installed. Raises InputError if that is impossible.
    """
    from daemon.web.page.doors import own_door
    from daemon.web.page.hear.hear_route import HearRoute

    bound = bound_to("127.0.0.1", 0)
    shown = parts()
    door = own_door(shown, HearRoute(shown.methods), bound, None, Hosts("127.0.0.1"))
    with _thread(shown, [door]):
        yield address_of("127.0.0.1", bound.getsockname()[1])


def page_url(web: WebSettings) -> str | None:
    """Return the address at which others find the page; None if they cannot reach it."""
    if web.url is not None:
        return web.url
    if web.port is None or is_loopback(web.bind):
        return None
    try:
        page_password(web)
    except InputError:
        # It stays off; a warning says so.
        return None
    return web_address(web)


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


def _own_socket(web: WebSettings) -> "tuple[socket.socket, PasswordHash | None] | None":
    """Return the socket of the configured port; None if there is none, or after a warning."""
    if web.port is None:
        return None
    try:
        password = page_password(web)
        return bound_to(web.bind, web.port), password
    except InputError as error:
        log.warning("%s; the page is off", error)
        return None


def _supervisors_socket(web: WebSettings) -> "socket.socket | None":
    """Return the socket of the ingress; None if it is off, or after a warning."""
    if not web.ingress:
        return None
    from daemon.web.page.access.ingress import PORT

    try:
        return bound_to("0.0.0.0", PORT)  # noqa: S104
    except InputError as error:
        log.warning("web.ingress: %s; the page is not in Home Assistant", error)
        return None


def _thread(shown: "PageParts", doors: "Sequence[Door]") -> "HttpThread":
    from daemon.web.page.access.http_thread import HttpThread

    return HttpThread(doors, shown.live.begin, shown.live.close)
