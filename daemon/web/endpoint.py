"""Serve health and metrics on a loopback port."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from daemon.web.health import Snapshot

log = logging.getLogger(__name__)

# Loopback only: clients must run on this machine, and no setting changes that.
_ADDRESS = "127.0.0.1"


@contextmanager
def serve(port: int | None, snapshot: Snapshot) -> Iterator[None]:
    """Serve health and metrics on a port while the context is open; do nothing if `port` is None.

    Requests are answered on other threads; each calls `snapshot`. A port that is in use is logged
    as a warning. Raises InputError if prometheus-client is not installed.
    """
    if port is None:
        yield
        return
    # Imported late to save memory: most daemons have no health port.
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
