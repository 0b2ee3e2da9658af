"""Ten thousand hostile requests: none gets in, breaks the page, or fills the log."""

import logging
import os
import random
import re
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="needs the web extra")
pytest.importorskip("uvicorn", reason="needs the web extra")

from tests.conftest import free_port
from tests.daemon.web.page.parts import Page, served
from tests.daemon.web.page.test_access import cookie_of, log_in, password_file

PATHS = (
    *("/", "/login", "/logout", "/api/live", "/api/set", "/api/hear", "/api/health", "/metrics"),
    *("/api/history", "/api/history/sessions", "/api/history/export", "/api/history/delete"),
    *("/static/../../../../etc/passwd", "/static/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/static/..;/x"),
    *("/static/app.js%00.html", "//etc/passwd", "/..%c0%af..%c0%afetc/passwd", "/.git/config"),
    *(
        "/api/hear?notes=1",
        "/api/set?place=box",
        "/static/" + "a" * 3_000,
        "/%",
        "/%ff",
        "/?" + "&" * 999,
    ),
    *("/cgi-bin/sh", "/wp-login.php", "/api/history?place=../../etc&year=2026", "/<script>"),
    *("/api/history?place=box&year=99999999999", "/api/history/export?kind=../x&place='%20OR%201"),
)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "X" * 90)
HOSTS = (
    "localhost",
    "127.0.0.1",
    "evil.example",
    "127.0.0.1.evil.example",
    "[::1",
    "",
    "a b",
    "\xff",
)
HEADERS = (
    *("Cookie: timbrel=../../etc/passwd", "Cookie: timbrel=" + "x" * 4_000, "Cookie: =;;=\xff"),
    *("X-Timbrel-Page: x", "Origin: null", "Origin: https://evil.example", "Origin: http://["),
    *("Sec-Fetch-Site: cross-site", "X-Forwarded-For: 127.0.0.1", "X-Ingress-Path: /a"),
    *("X-Forwarded-Proto: https, x", "Accept-Language: " + "de," * 900, "Range: bytes=0-,0-,0-"),
    *(
        "If-None-Match: *",
        "Expect: 100-continue",
        "Upgrade: websocket",
        "Authorization: Basic ====",
    ),
)
BODIES = (
    *(b"", b"{}", b"[" * 900, b'{"place":"box","leaf":"mute","value":"ON"}', b"password=guess"),
    *(b"password=" + b"%00" * 300, b"\xff\xfe\0" * 300, b'{"place":' + b"9" * 900 + b"}"),
    *(b'{"place":"box","leaf":"../x","value":"\\ud800"}', b"a=" * 999, b"null", b'"' * 999),
)
MALFORMED = (
    *(
        b"\0" * 300,
        b"GET",
        b"GET /\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\r\n\r\n",
        b"\x16\x03\x01\0",
    ),
    *(b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",),
    *(b"POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",),
    *(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",),
    *(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\0: c\r\n\r\n",),
    *(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET http://evil.example/ HTTP/1.1\r\n\r\n"),
)
CONNECTIONS, PIPELINED, MALFORMED_ROUNDS = 200, 50, 20


def request(rng: random.Random, *more: str) -> bytes:
    """Return a request with a complete head and body that nobody should send."""
    method, path, body = rng.choice(METHODS), rng.choice(PATHS), rng.choice(BODIES)
    lines = [f"{method} {path.replace(' ', '%20')} HTTP/1.1", f"Host: {rng.choice(HOSTS)}"]
    lines += rng.sample(HEADERS, rng.randrange(4))
    lines += [*more, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def answers(page: Page, sent: bytes) -> bytes:
    """Send bytes on a connection of their own; return everything that comes back."""
    got = b""
    with socket.create_connection(("127.0.0.1", page.port), 20) as connection:
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65_536):
                got += piece
        except (ConnectionResetError, BrokenPipeError):
            pass
    return got


def batches(rng: random.Random, *more: str) -> Iterator[bytes]:
    for _ in range(CONNECTIONS):
        yield b"".join(request(rng, *more) for _ in range(PIPELINED))


def resident_kb() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def test_hostile_requests_get_nothing_and_leave_the_page_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rng = random.Random(20)  # noqa: S311
    with served(free_port(), password_file=password_file(tmp_path)) as page:
        cookie = cookie_of(log_in(page))
        before = resident_kb()
        got = []
        for _ in range(MALFORMED_ROUNDS):
            got += [answers(page, sent) for sent in MALFORMED]
        got += [answers(page, sent) for sent in batches(rng)]
        # The password would not help: these requests lack the token of the page.
        got += [answers(page, request(rng, f"Cookie: {cookie}")) for _ in range(100)]
        grown = resident_kb() - before
        codes = Counter(int(code) for each in got for code in re.findall(rb"HTTP/1\.1 (\d+)", each))
        everything = b"".join(got)
        assert page.ask("/login").code == 200
        assert page.commands == []
    assert not [code for code in codes if code >= 500 or code in {202, 204}], codes
    assert b"root:" not in everything
    assert b"Traceback" not in everything
    assert grown < 30_000
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []
    assert sum(codes.values()) >= 10_000, codes
