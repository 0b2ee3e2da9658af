"""The host names by which the page may be addressed, against DNS rebinding.

A web page of an attacker can give its own name the address of this machine. The browser then sends
that name in the Host header.
"""

import ipaddress
import re
import socket
from collections.abc import Iterable

_PORT = re.compile(r":\d*\Z", re.ASCII)


def is_loopback(address: str) -> bool:
    """Return whether an address, or the name localhost, belongs to this machine alone."""
    if address.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def host_of(header: str) -> str:
    """Return the host in a Host header, in small letters, without port and brackets."""
    return _PORT.sub("", header.strip()).lower().strip("[]").removesuffix(".")


class Hosts:
    """The allowed hosts of a page that listens on `bind`; `more` are further names.

    Bound wider than to loopback, the machine's own name and any address are allowed, too: an
    attacker's page has a name.
    """

    def __init__(self, bind: str, more: Iterable[str] = (), machine: str | None = None) -> None:
        self._is_local = is_loopback(bind)
        name = (socket.gethostname() if machine is None else machine).lower()
        own = () if self._is_local else (name, f"{name.partition('.')[0]}.local", bind.lower())
        self._names = {"localhost", *own, *(host.lower() for host in more)}

    def allow(self, header: str) -> bool:
        """Return whether a request with this Host header may be answered."""
        host = host_of(header)
        if host in self._names:
            return True
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return is_loopback(host) or not self._is_local
