"""The sockets and addresses of the page."""

import errno
import socket

from daemon.configuration.web_settings import WebSettings
from daemon.errors import InputError
from daemon.system.installation import command

_REFUSED = {errno.EPERM, errno.EACCES}
_EVERY_ADDRESS = {"0.0.0.0", "::"}  # noqa: S104


def bound_to(bind: str, port: int) -> socket.socket:
    """Return a listening socket; raises InputError with the remedy if that is impossible.

    Port 0 stands for any free one.
    """
    try:
        found = socket.getaddrinfo(bind, port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise InputError(f"web.bind: {bind}: {error.strerror}; use an address") from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(128)
    except OSError as error:
        bound.close()
        raise _unusable(bind, port, error) from None
    return bound


def _unusable(bind: str, port: int, error: OSError) -> InputError:
    reason = f"cannot listen on port {port} ({error.strerror})"
    if error.errno == errno.EADDRNOTAVAIL:
        return InputError(f"web.bind: {bind} is not an address of this machine; use another")
    if error.errno in _REFUSED:
        update = command("install-service", as_root=True)
        return InputError(f"web.port: {reason}; run `{update}`, which allows it in the unit")
    return InputError(f"web.port: {reason}; choose another port")


def web_address(web: WebSettings) -> str:
    """Return the page's address, by the name that browsers are most likely to know.

    The port must be set.
    """
    host = web.bind
    if host in _EVERY_ADDRESS:
        own = f"{socket.gethostname().partition('.')[0]}.local"
        host = next(iter(web.hosts), own)
    return address_of(host, web.port or 0)


def address_of(host: str, port: int) -> str:
    """Return the address of a page on a host."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
