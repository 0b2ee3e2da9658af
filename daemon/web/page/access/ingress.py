"""Home Assistant's ingress: the page inside Home Assistant, which has logged its user in already.

The Supervisor passes the requests on, from one address that no other program can have. See the
developers' documentation of Home Assistant, "Presenting your app", Ingress.
"""

import re

from starlette.datastructures import Headers

from daemon.web.page.access.bounded_protocol import BoundedProtocol

PORT = 8099
"""The port on which the Supervisor looks for the page of an app, unless the app names another."""
SUPERVISOR = "172.30.32.2"
"""The Supervisor's address in the network of all apps."""

_PATH = re.compile(r"(?:/[A-Za-z0-9_.~-]+)+/?\Z")


class IngressProtocol(BoundedProtocol):
    """Closes every connection but the Supervisor's."""

    only_client = SUPERVISOR


def base_of(headers: Headers) -> str:
    """Return the page's own path in Home Assistant, ending with a slash; empty if it is unknown."""
    path = headers.get("x-ingress-path", "")
    return f"{path.rstrip('/')}/" if _PATH.match(path) else ""
