"""Errors about brokers that refuse the CONNECT, and about servers that are not brokers."""

import http.server
import logging
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.configuration.settings import MqttSettings, TlsSettings
from daemon.mqtt import link as mqtt_link
from daemon.mqtt import port_probe, protocol_choice
from daemon.mqtt.port_probe import probe_port
from daemon.mqtt.refused_login import CLOSED, NO_ANSWER, NOT_MQTT, explain_refused_login
from tests.conftest import StartBroker
from tests.daemon.mqtt.test_link import eventually, link_to, make_certificate
from tests.daemon.scripted_broker import CONNACK, packet

SETTINGS = MqttSettings(host="127.0.0.1", port=1)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (
            {"5": "Retain not supported", "3.1.1": CLOSED},
            "refuses: Retain not supported; allow retained messages in the broker",
        ),
        (
            {"5": "QoS not supported", "3.1.1": NO_ANSWER},
            "refuses: QoS not supported; allow QoS 1 in the broker",
        ),
        (
            {"5": "Server busy", "3.1.1": "Server unavailable"},
            "refuses MQTT 5: Server busy and MQTT 3.1.1: Server unavailable; see the broker's log",
        ),
        ({"5": "Server busy", "3.1.1": "Server busy"}, "refuses: Server busy; see the"),
        (
            {"5": "Unsupported protocol version", "3.1.1": "Client identifier not valid"},
            "refuses: Client identifier not valid; correct mqtt.client_id",
        ),
        (
            {"5": "Unsupported protocol version"},
            "refuses: Unsupported protocol version; set mqtt.protocol to auto",
        ),
        ({"5": CLOSED, "3.1.1": "Not authorized"}, "answers Not authorized; check mqtt.username"),
        ({"5": CLOSED, "3.1.1": NO_ANSWER}, "closes the connection without an answer; check"),
        ({"5": NO_ANSWER, "3.1.1": NO_ANSWER}, "does not answer; see the broker's log"),
        ({"5": NOT_MQTT, "3.1.1": CLOSED}, "sends answers that are not MQTT; correct mqtt.port"),
    ],
)
def test_explains_answers_to_both_versions(answers: dict[str, str], words: str) -> None:
    assert f"the broker at 127.0.0.1:1 {words}" in explain_refused_login(SETTINGS, answers).reason


@contextmanager
def answering(answer: Callable[[bytes], bytes]) -> Iterator[int]:
    """Answer the first bytes of each connection, then close it; yield the port."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.sendall(answer(connection.recv(4096)))
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def refuse_v5(code: int) -> Callable[[bytes], bytes]:
    """Refuse MQTT 5 with a reason code and close other connections, as some brokers do."""
    refusal = packet(CONNACK, bytes([0, code, 0]))
    return lambda first: refusal if b"MQTT\x05" in first else b""


@pytest.mark.parametrize(
    ("code", "words"),
    [(0x9A, "Retain not supported; allow retained"), (0x9B, "QoS not supported; allow QoS 1")],
)
def test_logs_reason_of_mqtt_5_after_3_1_1_failed_too(
    code: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with answering(refuse_v5(code)) as port, link_to(port) as link:
        eventually(lambda: link.connection.trouble is not None)
        assert not link.connection.wait(0.1)
        assert link.connection.state.startswith("not connected: the broker at 127.0.0.1:")
    assert f"the broker at 127.0.0.1:{port} refuses: {words}" in caplog.text


def test_identifies_tls_port(
    start_broker: StartBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    certificate, key = make_certificate(tmp_path)
    files = f"certfile {certificate}\nkeyfile {key}\n"
    open_broker = start_broker(f"{files}allow_anonymous true\n")
    with link_to(open_broker.port) as link:
        eventually(
            lambda: (
                f"the server at 127.0.0.1:{open_broker.port} expects TLS; set mqtt.tls"
                in caplog.text
            )
        )
        assert link.connection.trouble is not None
        assert link.connection.trouble.needs_user
    needs_certificate = f"{files}cafile {certificate}\nrequire_certificate true\n"
    closed = start_broker(f"{needs_certificate}tls_version tlsv1.2\nallow_anonymous true\n")
    assert "expects TLS" in str(probe_port(MqttSettings(host="127.0.0.1", port=closed.port)))


@pytest.fixture
def web_server() -> Iterator[http.server.ThreadingHTTPServer]:
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), http.server.BaseHTTPRequestHandler
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_identifies_silent_web_server(
    web_server: http.server.ThreadingHTTPServer,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(protocol_choice, "_ANSWER_SECONDS", 0.3)
    with link_to(web_server.server_port):
        eventually(lambda: " is a web server, or expects websockets" in caplog.text)


def test_identifies_web_server_that_answers_at_once(caplog: pytest.LogCaptureFixture) -> None:
    refusal = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with answering(lambda _: refusal) as port, link_to(port):
        eventually(lambda: " is a web server, or expects websockets" in caplog.text)


def test_identifies_web_server_behind_tls(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    files = ["-cert", str(certificate), "-key", str(key)]
    command = ["openssl", "s_server", "-accept", str(port), *files, "-www"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        settings = MqttSettings(
            host="localhost", port=port, tls=TlsSettings(ca_file=str(certificate))
        )
        try:
            eventually(lambda: probe_port(settings))
            assert "is a web server" in str(probe_port(settings))
        finally:
            server.kill()


def test_probe_of_silent_server_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_probe, "_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings = MqttSettings(host="127.0.0.1", port=server.getsockname()[1])
        began = time.monotonic()
        assert probe_port(settings) is None
        assert time.monotonic() - began < 10


def test_broker_that_has_worked_is_not_probed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    first_bytes: list[bytes] = []

    def answer(first: bytes) -> bytes:
        first_bytes.append(first)
        # Accept the first CONNECT, then close every connection.
        return packet(CONNACK, b"\x00\x00\x00") if len(first_bytes) == 1 else b""

    with answering(answer) as port, link_to(port) as link:
        eventually(lambda: len(first_bytes) > 3)
        assert link.connection.count == 1
    assert all(b"MQTT" in first for first in first_bytes)
    assert "closes the connection without an answer" in caplog.text


def test_server_that_closes_connections_is_probed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_link, "_FIRST_PAUSE_SECONDS", 0.02)
    first_bytes = list[bytes]()

    def close(first: bytes) -> bytes:
        first_bytes.append(first)
        return b""

    def logins() -> int:
        return sum(b"MQTT" in first for first in list(first_bytes))

    with answering(close) as port, link_to(port):
        eventually(lambda: logins() >= 6)
    others = [first for first in first_bytes if b"MQTT" not in first]
    # The probes: TLS and HTTP.
    assert [first[:1] for first in others] == [b"\x16", b"G"]
