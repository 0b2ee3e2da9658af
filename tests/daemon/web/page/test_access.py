"""Who may reach the page: host names, log-in, forged requests and hostile connections."""

import errno
import logging
import os
import re
import socket
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="needs the web extra")
pytest.importorskip("uvicorn", reason="needs the web extra")

from daemon.configuration.web_password import hash_password
from daemon.configuration.web_settings import WebSettings
from daemon.errors import InputError
from daemon.hub.messages import Message
from daemon.web.page.access import bounded_protocol
from daemon.web.page.page import check_packages, serve_page
from tests.conftest import free_port
from tests.daemon.web.page.parts import Answer, Page, Stream, served

PASSWORD = "correct horse"  # noqa: S105


def password_file(folder: Path) -> str:
    file = folder / "web-password"
    file.write_text(hash_password(PASSWORD).line())
    return str(file)


def log_in(page: Page, password: str = PASSWORD, **headers: str) -> Answer:
    return page.ask("/login", "POST", f"password={password.replace(' ', '+')}", **headers)


def cookie_of(answer: Answer) -> str:
    return answer.headers["set-cookie"].partition(";")[0]


def test_every_answer_has_the_security_headers_and_a_new_nonce() -> None:
    with served(free_port()) as page:
        answers = [page.ask(path) for path in ("/", "/static/app.js", "/nothing", "/healthz")]
    nonces = set()
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'nonce-")
        assert "unsafe" not in policy
        nonces.add(policy.partition("nonce-")[2].partition("'")[0])
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
    assert len(nonces) == 4
    page_nonces = re.findall(r'nonce="([^"]+)"', answers[0].body)
    assert set(page_nonces) == {
        answers[0].headers["content-security-policy"].partition("nonce-")[2].partition("'")[0]
    }


def test_page_has_no_inline_scripts_handlers_or_foreign_addresses() -> None:
    with served(free_port()) as page:
        body = page.ask("/").body
    assert not re.findall(r"<script(?![^>]*\bsrc=)", body)
    assert not re.findall(r"\son\w+=", body)
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", body)
    assert not re.findall(r"(?:src|href)=\"/", body), "addresses must be relative"


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("localhost:8324", 200),
        ("127.0.0.1", 200),
        ("[::1]:8324", 200),
        ("LOCALHOST.", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("192.168.1.5", 421),
        ("", 421),
    ],
)
def test_only_names_of_this_machine_are_answered_on_loopback(host: str, code: int) -> None:
    with served(free_port()) as page:
        assert page.ask("/", Host=host).code == code
        assert page.ask("/api/live", "HEAD", Host=host).code in {code, 405}


def test_change_needs_the_token_of_the_page() -> None:
    with served(free_port()) as page:
        assert page.set("mute", "ON", x_timbrel_page="wrong").code == 403
        assert page.set("mute", "ON", sec_fetch_site="cross-site").code == 403
        assert page.set("mute", "ON", sec_fetch_site="same-site").code == 403
        assert page.set("mute", "ON", Origin="https://evil.example").code == 403
        assert page.set("mute", "ON", Origin="null").code == 403
        assert page.commands == []
        assert page.set("mute", "ON", Origin=f"http://127.0.0.1:{page.port}").code == 202
        assert page.set("mute", "OFF", sec_fetch_site="same-origin").code == 202
        assert page.commands == [("timbrel/box/mute/set", b"ON"), ("timbrel/box/mute/set", b"OFF")]


def test_with_a_password_nothing_but_the_log_in_is_shown(tmp_path: Path) -> None:
    with served(free_port(), password_file=password_file(tmp_path)) as page:
        first = page.ask("/")
        assert (first.code, first.headers["location"]) == (303, "login")
        for path in ("/api/live", "/api/health", "/api/nothing", "/nothing"):
            assert page.ask(path).code == 401, path
        assert page.ask("/api/set", "POST", b"{}").code == 401
        assert page.ask("/login").code == 200
        assert page.ask("/healthz").code == 200
        # A proxy on this machine asks for somebody else.
        assert page.ask("/healthz", x_forwarded_for="192.0.2.1").code == 401


def test_log_in_opens_the_page_and_log_out_closes_it(tmp_path: Path) -> None:
    with served(free_port(), password_file=password_file(tmp_path)) as page:
        wrong = log_in(page, "wrong horse")
        assert (wrong.code, "set-cookie" in wrong.headers) == (401, False)
        assert "The password is wrong." in wrong.body
        right = log_in(page)
        assert (right.code, right.headers["location"]) == (303, "./")
        attributes = right.headers["set-cookie"].lower().split("; ")
        assert {"httponly", "samesite=strict"} <= set(attributes)
        cookie = cookie_of(right)
        assert page.ask("/", Cookie=cookie).code == 200
        token = page.token(Cookie=cookie)
        done = page.set("mute", "ON", Cookie=cookie, x_timbrel_page=token)
        assert done.code == 202
        assert page.ask("/logout", "POST", Cookie=cookie, x_timbrel_page="x").code == 403
        assert page.ask("/logout", "POST", Cookie=cookie, x_timbrel_page=token).code == 204
        assert page.ask("/api/health", Cookie=cookie).code == 401


def test_log_out_closes_the_streams_of_its_log_in_alone(tmp_path: Path) -> None:
    with served(free_port(), password_file=password_file(tmp_path)) as page:
        ours, other = (cookie_of(log_in(page)) for _ in range(2))
        streams = [Stream(page.port, Cookie=cookie) for cookie in (ours, ours, other)]
        for stream in streams:
            stream.wait_for(lambda m: m["type"] == "hello")
        token = page.token(Cookie=ours)
        assert page.ask("/logout", "POST", Cookie=ours, x_timbrel_page=token).code == 204
        assert [stream.answer.read().strip() for stream in streams[:2]] == [b"", b""]
        page.board.post(Message("timbrel/box/mute", b"ON"))
        streams[2].wait_for(lambda m: m["type"] == "state")
        assert page.ask("/api/live", Cookie=ours).code == 401
        for stream in streams:
            stream.close()


def test_cookie_is_secure_behind_https(tmp_path: Path) -> None:
    with served(free_port(), password_file=password_file(tmp_path)) as page:
        answer = log_in(page, x_forwarded_proto="https", x_forwarded_for="192.0.2.1")
    assert "secure" in answer.headers["set-cookie"].lower().split("; ")


def test_forged_log_in_is_refused(tmp_path: Path) -> None:
    with served(free_port(), password_file=password_file(tmp_path)) as page:
        assert log_in(page, sec_fetch_site="cross-site").code == 403


def test_guessing_is_limited_even_for_the_right_password(tmp_path: Path) -> None:
    with served(free_port(), password_file=password_file(tmp_path)) as page:
        assert [log_in(page, f"guess {n}").code for n in range(5)] == [401] * 5
        refused = log_in(page)
        assert refused.code == 429
        assert "Too many attempts" in refused.body


def test_log_in_page_speaks_german(tmp_path: Path) -> None:
    with served(free_port(), password_file=password_file(tmp_path)) as page:
        assert "Passwort" in page.ask("/login", accept_language="de-CH,en;q=0.5").body


def test_proxy_without_a_password_is_refused() -> None:
    with served(free_port()) as page:
        answer = page.ask("/", x_forwarded_for="192.0.2.1")
    assert answer.code == 403
    assert "needs a password" in answer.json["error"]


@pytest.mark.parametrize("web", [{"bind": "0.0.0.0"}, {"hosts": ["music.example"]}])  # noqa: S104
def test_page_stays_off_without_a_password_if_others_could_reach_it(
    web: dict[str, object], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    port = free_port()
    (tmp_path / "empty").touch()
    with served(port, password_file=str(tmp_path / "empty"), **web):
        assert not is_answered(port)
    (warning,) = (r.getMessage() for r in caplog.records if r.levelno == logging.WARNING)
    assert "password" in warning
    assert warning.endswith("; the page is off")


def test_page_bound_wider_is_reached_by_address_and_configured_name(tmp_path: Path) -> None:
    web = {"bind": "0.0.0.0", "hosts": ["music.example"]}  # noqa: S104
    with served(free_port(), password_file=password_file(tmp_path), **web) as page:
        for host, code in (
            ("192.168.1.5:8324", 200),
            ("music.example", 200),
            (socket.gethostname(), 200),
            ("evil.example", 421),
        ):
            assert page.ask("/login", Host=host).code == code, host


def test_used_port_leaves_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with served(port):
            pass
        assert f"web.port: cannot listen on port {port} (Address already in use)" in caplog.text


def test_port_that_the_unit_does_not_allow_names_the_command(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refused(socket.socket):
        """Fails like a socket below systemd's SocketBindDeny, for which a test needs systemd."""

        def bind(self, _address: object) -> None:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(socket, "socket", Refused)
    with serve_page(WebSettings(port=8324), Page(8324).parts):
        pass
    (warning,) = (r.getMessage() for r in caplog.records if r.levelno == logging.WARNING)
    assert "install-service`, which allows it in the unit; the page is off" in warning


def test_address_of_another_machine_leaves_a_warning(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    web = {"bind": "192.0.2.1", "password_file": password_file(tmp_path)}
    with served(free_port(), **web):
        pass
    assert "web.bind: 192.0.2.1 is not an address of this machine" in caplog.text


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(InputError, match=r"web\.port: needs the packages starlette and uvicorn"):
        check_packages()


def test_without_a_port_nothing_is_built() -> None:
    def parts() -> None:
        raise AssertionError("built")

    with serve_page(WebSettings(), parts):  # type: ignore[arg-type]
        pass


@pytest.mark.parametrize(
    "path",
    [
        "/static/../page.py",
        "/static/%2e%2e/page.py",
        "/static/..%2f..%2fpage.py",
        "/static//etc/passwd",
        "/static/index.html",
        "/etc/passwd",
        "/static/app.js%00",
        "//evil.example/",
    ],
)
def test_no_path_leads_out_of_the_static_files(path: str) -> None:
    with served(free_port()) as page:
        assert page.ask(path).code in {400, 404}


def test_silent_and_slow_connections_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_protocol, "HEAD_SECONDS", 0.5)
    with served(free_port()) as page, connected(page) as silent, connected(page) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        began = time.monotonic()
        while time.monotonic() - began < 10:
            try:
                slow.sendall(b"a")
            except OSError:
                break
            time.sleep(0.1)
        assert is_closed(silent)
        assert time.monotonic() - began < 5
        assert page.ask("/").code == 200


def test_too_many_connections_are_closed_and_the_page_recovers() -> None:
    with served(free_port()) as page:
        with ExitStack() as held:
            for _ in range(bounded_protocol.MOST_CONNECTIONS):
                held.enter_context(connected(page))
            assert is_closed(held.enter_context(connected(page)))
        deadline = time.monotonic() + 10
        while not is_answered(page.port) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert page.ask("/").code == 200


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\0" * 1_000,
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
        b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: =\xff;;;=,\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        b"DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_hostile_requests_leave_the_page_and_the_log_alone(
    request_bytes: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with served(free_port()) as page:
        with socket.create_connection(("127.0.0.1", page.port), 10) as connection:
            connection.sendall(request_bytes)
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(10)
            try:
                while connection.recv(65_536):
                    pass
            except ConnectionResetError:
                pass
        assert page.ask("/").code == 200
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []


def test_large_bodies_are_refused() -> None:
    with served(free_port()) as page:
        body = b"x" * 100_000
        assert page.ask("/api/set", "POST", body, x_timbrel_page=page.token()).code == 400
        assert page.ask("/").code == 200


def connected(page: Page) -> socket.socket:
    return socket.create_connection(("127.0.0.1", page.port), 10)


def is_answered(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return connection.recv(10).startswith(b"HTTP/1.1")
    except OSError:
        return False


def is_closed(connection: socket.socket) -> bool:
    connection.settimeout(5)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
