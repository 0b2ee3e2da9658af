"""How the daemon does: what it is asked for over HTTP on loopback, and whether that is well."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from daemon.counters import Counters

log = logging.getLogger(__name__)

# Whoever may ask lives on this machine; there is no setting for another address.
_ADDRESS = "127.0.0.1"
_LONGEST_TURN_SECONDS = 30.0
_WELL = {"hearing", "muted"}


class NodeHealth(NamedTuple):
    """One node: starting, hearing, deaf (with the reason) or muted, and what happened so far."""

    state: str
    reason: str | None
    counters: Counters


class Health(NamedTuple):
    """All nodes by name, and when the loop last completed a turn: time.monotonic().

    `broker` is the state of the connection in words. A broker that is away is no fault of ours.
    """

    nodes: Mapping[str, NodeHealth]
    turned_at: float
    broker: str = ""


Snapshot = Callable[[], Health]


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


def judge(health: Health, now: float) -> list[str]:
    """What is wrong at `now`, time.monotonic(), each in words; nothing where all is well."""
    reasons = [
        f"{name}: {node.state}" + (f": {node.reason}" if node.reason else "")
        for name, node in health.nodes.items()
        if node.state not in _WELL
    ]
    turn_seconds = now - health.turned_at
    if turn_seconds > _LONGEST_TURN_SECONDS:
        reasons.append(f"the loop has not completed a turn for {turn_seconds:.0f} s")
    return reasons
