"""An HTTP server for `/healthz` and `/metrics` that limits size, number and time of requests."""

import http.server
import io
import json
import logging
import re
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from typing import Any

from daemon.system.limited_log import LimitedLog
from daemon.web.health import Snapshot, find_problems, report_of

log = logging.getLogger(__name__)

_NAMES = {"", "127.0.0.1", "localhost"}
_MOST_AT_ONCE = 8
_LARGEST_REQUEST_BYTES = 8_192
_REQUEST_SECONDS = 5.0


class HealthServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Answers a few requests at a time, and closes further connections at once."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self, address: tuple[str, int], metrics: Callable[[], bytes], snapshot: Snapshot
    ) -> None:
        self.metrics = metrics
        self.snapshot = snapshot
        self.limited_log = LimitedLog(log)
        self._free = threading.BoundedSemaphore(_MOST_AT_ONCE)
        super().__init__(address, _Handler)

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002
        """Return whether another request may be answered now."""
        return self._free.acquire(blocking=False)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer the request on a new thread; if none can be started, release its slot."""
        try:
            super().process_request(request, client_address)
        except RuntimeError:
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer the request, then release its slot."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log nothing: clients may disconnect early or send invalid requests."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: HealthServer
    server_version = "timbrel"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self.rfile: Any = io.BytesIO(_head(self.connection))
        self.connection.settimeout(_REQUEST_SECONDS)

    def do_GET(self) -> None:
        host = re.sub(r":\d*\Z", "", self.headers.get("Host", ""))
        if host.lower() not in _NAMES:
            # DNS rebinding: a web page can make a browser on this machine connect to us.
            self.send_error(421, "the Host header must be localhost")
            return
        path = self.path.partition("?")[0]
        try:
            if path == "/metrics":
                body = self.server.metrics()
                self._answer(200, "text/plain; version=0.0.4; charset=utf-8", body)
            elif path == "/healthz":
                health = self.server.snapshot()
                problems = find_problems(health, time.monotonic())
                body = json.dumps(report_of(health, problems)).encode()
                self._answer(503 if problems else 200, "application/json", body)
            else:
                self.send_error(404, "the only paths are /metrics and /healthz")
        except OSError:
            return
        except Exception as error:  # noqa: BLE001
            self.server.limited_log.log(logging.ERROR, f"health: {type(error).__name__}: {error}")
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
        """Do not log requests."""


def _head(connection: socket.socket) -> bytes:
    """Read a request up to its empty line; return b"" if it is too large or takes too long."""
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
