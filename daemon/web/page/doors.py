"""The ways to the page: its own port, and Home Assistant's ingress."""

import socket
import time

from daemon.configuration.web_password import PasswordHash
from daemon.web.page.access.gate import Access
from daemon.web.page.access.hosts import Hosts
from daemon.web.page.access.http_thread import Door
from daemon.web.page.access.ingress import IngressProtocol
from daemon.web.page.access.logins import Logins
from daemon.web.page.hear.hear_route import HearRoute
from daemon.web.page.routes import PageParts, Routes


def own_door(
    shown: PageParts,
    hear: HearRoute,
    bound: socket.socket,
    password: PasswordHash | None,
    hosts: Hosts,
) -> Door:
    """Return the door to a port of this machine, for the named hosts and with the password."""
    logins = Logins(password, time.monotonic)
    return Door(Access(Routes(shown, logins, hear).application(), hosts, logins), bound)


def ingress_door(shown: PageParts, hear: HearRoute, bound: socket.socket) -> Door:
    """Return the door for Home Assistant's Supervisor, without a password."""
    logins = Logins(None, time.monotonic)
    application = Routes(shown, logins, hear).application()
    return Door(Access(application, None, logins), bound, IngressProtocol)
