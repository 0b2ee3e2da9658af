"""Where health and metrics are served: a port on loopback, or nowhere."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from daemon.web.health import Snapshot

log = logging.getLogger(__name__)

# Whoever may ask lives on this machine; there is no setting for another address.
_ADDRESS = "127.0.0.1"


@contextmanager
def serve(port: int | None, snapshot: Snapshot) -> Iterator[None]:
    """Answer on that port, from threads of its own; `snapshot` is asked at each request.

    None: nothing is served. A port that cannot be had is a warning. Raises InputError where
    prometheus-client is missing.
    """
    if port is None:
        yield
        return
    # Most daemons serve nothing, and need not have these in memory.
    from daemon.web.metrics import metrics_of
    from daemon.web.server import HealthServer

    try:
        server = HealthServer((_ADDRESS, port), metrics_of(snapshot), snapshot)
    except OSError as error:
        log.warning(
            "health.port: cannot listen on port %d (%s); the health endpoint is off; "
            "choose another port",
            port,
            error.strerror,
        )
        yield
        return
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    log.info("health and metrics at http://%s:%d/healthz and /metrics", _ADDRESS, port)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
