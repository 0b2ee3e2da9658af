"""How the daemon does, over HTTP on loopback: `/metrics` for Prometheus, `/healthz` in short."""

import http.server
import io
import json
import logging
import re
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

from daemon import __version__
from daemon.errors import InputError
from daemon.trouble import Repeats

log = logging.getLogger(__name__)

# Whoever may ask lives on this machine; there is no setting for another address.
_ADDRESS = "127.0.0.1"
_NAMES = {"", "127.0.0.1", "localhost"}
_MOST_AT_ONCE = 8
_LARGEST_REQUEST_BYTES = 8_192
_REQUEST_SECONDS = 5.0
_LONGEST_TURN_SECONDS = 30.0
_STATES = ("starting", "hearing", "deaf", "muted")
_WELL = {"hearing", "muted"}


class Counted(Protocol):
    """What happened at a node since the daemon started; the last three are the whole box's."""

    @property
    def windows(self) -> int: ...  # noqa: D102
    @property
    def late_windows(self) -> int: ...  # noqa: D102
    @property
    def lost_seconds(self) -> float: ...  # noqa: D102
    @property
    def overflows(self) -> int: ...  # noqa: D102
    @property
    def reopens(self) -> int: ...  # noqa: D102
    @property
    def inference_ms(self) -> float: ...  # noqa: D102
    @property
    def reconnects(self) -> int: ...  # noqa: D102
    @property
    def queued(self) -> int: ...  # noqa: D102
    @property
    def dropped(self) -> int: ...  # noqa: D102


class NodeHealth(NamedTuple):
    """One node: starting, hearing, deaf (with the reason) or muted, and what happened so far."""

    state: str
    reason: str | None
    counters: Counted


class Health(NamedTuple):
    """All nodes by name, and when the loop last completed a turn: time.monotonic()."""

    nodes: Mapping[str, NodeHealth]
    turned_at: float


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
    metrics = _metrics_of(snapshot)
    try:
        server = _Server(port, metrics, snapshot)
    except OSError as error:
        log.warning(
            "health.port: %d cannot be had (%s), so there is no health endpoint; set another",
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


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A few requests at a time; who comes on top of them is turned away."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, metrics: Callable[[], bytes], snapshot: Snapshot) -> None:
        self.metrics = metrics
        self.snapshot = snapshot
        self.said = Repeats(log)
        self._free = threading.BoundedSemaphore(_MOST_AT_ONCE)
        super().__init__((_ADDRESS, port), _Handler)

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002
        return self._free.acquire(blocking=False)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away, or sends what is no request, is no news."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    server_version = "timbrel"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self.rfile: Any = io.BytesIO(_head(self.connection))
        self.connection.settimeout(_REQUEST_SECONDS)

    def do_GET(self) -> None:
        host = re.sub(r":\d*\Z", "", self.headers.get("Host", ""))
        if host.lower() not in _NAMES:
            # A page in a browser on this machine may have given our address another name.
            self.send_error(421, "asked for by another name than localhost")
            return
        path = self.path.partition("?")[0]
        try:
            if path == "/metrics":
                body = self.server.metrics()
                self._answer(200, "text/plain; version=0.0.4; charset=utf-8", body)
            elif path == "/healthz":
                health = self.server.snapshot()
                reasons = judge(health, time.monotonic())
                body = json.dumps(_report(health, reasons)).encode()
                self._answer(503 if reasons else 200, "application/json", body)
            else:
                self.send_error(404, "there are /metrics and /healthz")
        except OSError:
            return
        except Exception as error:  # noqa: BLE001
            self.server.said.say(logging.ERROR, f"health: {type(error).__name__}: {error}")
            self.send_error(500)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _answer(self, code: int, kind: str, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing of requests."""


def _head(connection: socket.socket) -> bytes:
    """A request up to its empty line, or nothing if that is too large or takes too long."""
    deadline = time.monotonic() + _REQUEST_SECONDS
    head = b""
    while b"\r\n\r\n" not in head and b"\n\n" not in head:
        left_seconds = deadline - time.monotonic()
        if left_seconds <= 0 or len(head) > _LARGEST_REQUEST_BYTES:
            return b""
        connection.settimeout(left_seconds)
        try:
            piece = connection.recv(4_096)
        except OSError:
            return b""
        if not piece:
            break
        head += piece
    return head


def _report(health: Health, reasons: list[str]) -> dict[str, Any]:
    nodes = {name: node.state for name, node in health.nodes.items()}
    report: dict[str, Any] = {"status": "failing" if reasons else "ok", "nodes": nodes}
    return report | {"reasons": reasons} if reasons else report


def _metrics_of(snapshot: Snapshot) -> Callable[[], bytes]:
    """A function that gives the metrics in Prometheus' text format."""
    try:
        import prometheus_client.core
    except ImportError:
        raise InputError(
            "health.port needs prometheus-client, which is missing; "
            "pip install 'timbrel[metrics]', or leave health.port out"
        ) from None
    registry = prometheus_client.CollectorRegistry(auto_describe=False)
    registry.register(_Nodes(prometheus_client.core, snapshot))
    prometheus_client.ProcessCollector(registry=registry)
    return lambda: prometheus_client.generate_latest(registry)


class _Nodes:
    """A collector: asked at each scrape, so that a window costs nothing more."""

    def __init__(self, core: Any, snapshot: Snapshot) -> None:
        self._core = core
        self._snapshot = snapshot

    def collect(self) -> Iterator[Any]:
        """All metrics now."""
        return _families(self._core, self._snapshot())


class _Family(NamedTuple):
    name: str
    words: str
    value: Callable[[Counted], float]


_NODE_COUNTERS = (
    _Family("timbrel_windows", "Windows heard", lambda c: c.windows),
    _Family(
        "timbrel_late_windows", "Windows skipped for coming too late", lambda c: c.late_windows
    ),
    _Family("timbrel_lost_seconds", "Seconds of sound missed", lambda c: c.lost_seconds),
    _Family("timbrel_overflows", "Times that sound was overwritten unheard", lambda c: c.overflows),
    _Family("timbrel_reopens", "Times that the source came back", lambda c: c.reopens),
)
_BOX_COUNTERS = (
    _Family("timbrel_broker_reconnects", "Connections after the first", lambda c: c.reconnects),
    _Family("timbrel_events_dropped", "Events given up for want of room", lambda c: c.dropped),
)


def _families(core: Any, health: Health) -> Iterator[Any]:
    info = core.GaugeMetricFamily("timbrel_info", "The version that runs", labels=["version"])
    info.add_metric([__version__], 1)
    yield info
    turn = time.monotonic() - health.turned_at
    yield core.GaugeMetricFamily("timbrel_turn_age_seconds", "Since the loop's last turn", turn)
    for name, words, value in _NODE_COUNTERS:
        family = core.CounterMetricFamily(name, words, labels=["node"])
        for node, its in health.nodes.items():
            family.add_metric([node], value(its.counters))
        yield family
    cost = core.GaugeMetricFamily(
        "timbrel_inference_seconds", "What hearing a window costs lately", labels=["node"]
    )
    hearing = core.GaugeMetricFamily(
        "timbrel_hearing", "1 for the state that the node is in", labels=["node", "state"]
    )
    for node, its in health.nodes.items():
        cost.add_metric([node], its.counters.inference_ms / 1000)
        for state in _STATES:
            hearing.add_metric([node, state], float(state == its.state))
    yield from (cost, hearing)
    # The same at every node.
    for its in list(health.nodes.values())[:1]:
        for name, words, value in _BOX_COUNTERS:
            yield core.CounterMetricFamily(name, words, value(its.counters))
        queued = its.counters.queued
        yield core.GaugeMetricFamily("timbrel_events_queued", "Events not acknowledged yet", queued)
