"""The health endpoint as an HTTP client, a Prometheus scraper and an attacker see it."""

import http.client
import json
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from daemon import __version__
from daemon.counters import Counters
from daemon.errors import InputError
from daemon.place_state import PlaceState
from daemon.web.endpoint import serve
from daemon.web.health import Health, NodeHealth, find_problems

parser = pytest.importorskip("prometheus_client.parser", reason="needs prometheus-client")


COUNTERS = Counters(
    windows=7,
    late_windows=1,
    lost_seconds=2.5,
    overflows=3,
    reopens=4,
    inference_ms=12.5,
    reconnects=5,
    queued=6,
    dropped=8,
    refused=9,
)
HEARING = NodeHealth(PlaceState.HEARING, None, COUNTERS)
MUTED = NodeHealth(PlaceState.MUTED, None, replace(COUNTERS, windows=0))
DEAF = NodeHealth(PlaceState.DEAF, 'the "device" is\ngone', COUNTERS)


def snapshot_of(**nodes: NodeHealth) -> Callable[[], Health]:
    return lambda: Health(nodes, time.monotonic())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Answer(NamedTuple):
    code: int
    """HTTP status code."""
    kind: str | None
    """The Content-Type header."""
    body: str
    """The decoded body."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(port: int, path: str, method: str = "GET", **headers: str) -> Answer:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    client.request(method, path, headers=headers)
    answer = client.getresponse()
    found = Answer(answer.status, answer.getheader("Content-Type"), answer.read().decode())
    client.close()
    return found


Serve = Callable[[Callable[[], Health]], int]


@pytest.fixture
def served() -> Iterator[Serve]:
    """Return a function that serves a snapshot and returns the port."""
    with ExitStack() as stack:

        def start(snapshot: Callable[[], Health]) -> int:
            port = free_port()
            stack.enter_context(serve(port, snapshot))
            return port

        yield start


def samples(body: str) -> dict[tuple[str, ...], float]:
    """Parse metrics with Prometheus' own parser; key them by name and label values."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in parser.text_string_to_metric_families(body)
        for sample in family.samples
    }


def test_metrics_contain_every_counter_of_every_node(served: Serve) -> None:
    answer = ask(served(snapshot_of(room=HEARING, cellar=MUTED)), "/metrics")
    assert (answer.code, answer.kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    found = samples(answer.body)
    expected = {
        ("timbrel_info", __version__): 1,
        ("timbrel_windows_total", "room"): 7,
        ("timbrel_windows_total", "cellar"): 0,
        ("timbrel_late_windows_total", "room"): 1,
        ("timbrel_lost_seconds_total", "room"): 2.5,
        ("timbrel_overflows_total", "cellar"): 3,
        ("timbrel_reopens_total", "cellar"): 4,
        ("timbrel_inference_seconds", "room"): 0.0125,
        ("timbrel_broker_reconnects_total",): 5,
        ("timbrel_events_queued",): 6,
        ("timbrel_events_dropped_total",): 8,
        ("timbrel_broker_refusals_total",): 9,
        ("timbrel_hearing", "room", "hearing"): 1,
        ("timbrel_hearing", "room", "deaf"): 0,
        ("timbrel_hearing", "cellar", "muted"): 1,
        ("timbrel_hearing", "cellar", "hearing"): 0,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert 0 <= found["timbrel_turn_age_seconds",] < 10
    assert found["process_resident_memory_bytes",] > 1e6


def test_each_scrape_takes_a_new_snapshot(served: Serve) -> None:
    windows = iter([1, 2])

    def snapshot() -> Health:
        return Health(
            {
                "room": NodeHealth(
                    PlaceState.HEARING, None, replace(COUNTERS, windows=next(windows))
                )
            },
            0.0,
        )

    port = served(snapshot)
    found = [samples(ask(port, "/metrics").body) for _ in range(2)]
    assert [metrics["timbrel_windows_total", "room"] for metrics in found] == [1, 2]


def test_hearing_and_muted_nodes_are_healthy(served: Serve) -> None:
    answer = ask(served(snapshot_of(room=HEARING, cellar=MUTED)), "/healthz")
    assert (answer.code, answer.kind) == (200, "application/json")
    assert answer.json == {"status": "ok", "nodes": {"room": "hearing", "cellar": "muted"}}


def test_reports_broker_state_without_failing(served: Serve) -> None:
    broker = "not connected: no broker answers at hub:1883 (is it running?)"
    answer = ask(served(lambda: Health({"room": HEARING}, time.monotonic(), broker)), "/healthz")
    assert answer.code == 200
    assert answer.json == {"status": "ok", "nodes": {"room": "hearing"}, "broker": broker}


def test_deaf_node_fails_with_its_reason(served: Serve) -> None:
    answer = ask(served(snapshot_of(room=HEARING, cellar=DEAF)), "/healthz?verbose=1")
    assert answer.code == 503
    assert answer.json == {
        "status": "failing",
        "nodes": {"room": "hearing", "cellar": "deaf"},
        "reasons": ['cellar: deaf: the "device" is\ngone'],
    }


def test_hanging_loop_fails(served: Serve) -> None:
    since = time.monotonic() - 31
    answer = ask(served(lambda: Health({"room": HEARING}, since)), "/healthz")
    assert answer.code == 503
    assert answer.json["reasons"] == ["the loop has not completed a turn for 31 s"]


def test_turn_of_half_a_minute_is_healthy_and_starting_node_is_not() -> None:
    starting = NodeHealth(PlaceState.STARTING, None, COUNTERS)
    assert find_problems(Health({"room": HEARING}, 100.0), 130.0) == []
    assert find_problems(Health({"room": starting}, 100.0), 100.0) == ["room: starting"]


def test_without_port_nothing_is_served_or_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    threads = threading.active_count()
    with serve(None, snapshot_of(room=HEARING)):
        assert threading.active_count() == threads


def test_names_missing_prometheus_client(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("prometheus_client", "prometheus_client.core"):
        monkeypatch.setitem(sys.modules, name, None)
    with (
        pytest.raises(InputError, match=r"-m pip install prometheus-client, or leave it out"),
        serve(free_port(), snapshot_of(room=HEARING)),
    ):
        pass


def test_port_in_use_is_only_a_warning(served: Serve, caplog: pytest.LogCaptureFixture) -> None:
    port = served(snapshot_of(room=HEARING))
    with serve(port, snapshot_of(room=DEAF)):
        assert ask(port, "/healthz").code == 200
    (warning,) = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert warning.startswith(f"health.port: cannot listen on port {port} (Address already in use)")
    assert ask(port, "/healthz").code == 200


def test_port_is_free_after_exit() -> None:
    port = free_port()
    for _ in range(2):
        with serve(port, snapshot_of(room=HEARING)):
            assert ask(port, "/healthz").code == 200
        with pytest.raises(OSError, match="refused"):
            ask(port, "/healthz")


def test_listens_on_loopback_only(served: Serve) -> None:
    port = served(snapshot_of(room=HEARING))
    with open("/proc/net/tcp") as table:  # noqa: PTH123
        lines = [line.split() for line in table]
    listening = [line[1] for line in lines if line[3] == "0A" and line[1].endswith(f":{port:04X}")]
    assert listening == [f"0100007F:{port:04X}"]
    with open("/proc/net/tcp6") as table:  # noqa: PTH123
        assert f":{port:04X} " not in "".join(line for line in table if " 0A " in line)


@pytest.mark.parametrize(
    ("path", "method", "headers", "code"),
    [
        ("/", "GET", {}, 404),
        ("/metrics/../../etc/passwd", "GET", {}, 404),
        ("/metrics/", "GET", {}, 404),
        ("/metrics", "POST", {}, 501),
        ("/healthz", "DELETE", {}, 501),
        ("/healthz", "GET", {"Host": "evil.example:9464"}, 421),
        ("/metrics", "GET", {"Host": "[::1]:80"}, 421),
        ("/healthz", "GET", {"Host": "LOCALHOST:9464"}, 200),
        ("/healthz", "GET", {"Host": "127.0.0.1"}, 200),
    ],
)
def test_rejects_other_paths_methods_and_hosts(
    path: str, method: str, headers: dict[str, str], code: int, served: Serve
) -> None:
    assert ask(served(snapshot_of(room=HEARING)), path, method, **headers).code == code


def test_answer_to_head_has_no_body(served: Serve) -> None:
    answer = ask(served(snapshot_of(room=DEAF)), "/healthz", "HEAD")
    assert (answer.code, answer.body) == (503, "")


def test_failing_snapshot_is_logged_once_and_answered_with_500(
    served: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    def failing() -> Health:
        raise KeyError("room")

    port = served(failing)
    assert {ask(port, path).code for path in ("/metrics", "/healthz", "/healthz")} == {500}
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == [
        "health: KeyError: 'room'"
    ]


def send_bytes(port: int, content: bytes) -> bytes:
    """Send bytes; return the answer up to the end of the connection."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        try:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65_536):
                answer += piece
        except TimeoutError:
            raise
        except OSError:  # The server has closed the connection.
            pass
    return answer


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\r\n\r\n",
        bytes(range(256)) * 8,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        b"GET " + b"/" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * 200_000 + b"\r\n",
        b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"GET /healthz HTTP/9.9\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
        b"GET /healthz\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n" + bytes(99),
        b"GET /%00%ff\xff HTTP/1.1\r\n\r\n",
    ],
)
def test_survives_invalid_requests(
    content: bytes, served: Serve, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    port = served(snapshot_of(room=HEARING))
    answer = send_bytes(port, content)
    assert len(answer) < 2_000
    assert b"Traceback" not in answer
    assert ask(port, "/healthz").code == 200
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING]
    assert capfd.readouterr().err == ""


def test_slow_and_excess_requests_are_rejected(
    served: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.web.server._REQUEST_SECONDS", 1.0)
    port = served(snapshot_of(room=HEARING))
    threads = threading.active_count()
    crowd = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(100)]
    deadline = time.monotonic() + 10
    while True:
        for one in crowd:
            try:
                one.send(b"G")
            except OSError:
                continue
        # A slot is released just before its thread ends.
        assert threading.active_count() <= threads + 16
        try:
            if ask(port, "/healthz").code == 200:
                break
        except OSError:
            pass
        assert time.monotonic() < deadline, "slow clients block others"
        time.sleep(0.2)
    for one in crowd:
        one.close()
