"""No event is lost or out of order when brokers and the daemon itself are killed."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from daemon.mqtt.outbox.outbox import Outbox
from tests.conftest import ROOT, Received, StartBroker, Watcher
from tests.daemon.mqtt.outbox.test_outbox import wait_until

PROGRAM = ROOT / "tests" / "daemon" / "scripted_daemon.py"
BROKER_KILLS = 20
DAEMON_KILLS = 5
SPEED = 40


class Gate:
    """Forwards a port to the broker's while open, so that the daemon cannot connect too early."""

    def __init__(self, broker_port: int) -> None:
        self._broker_port = broker_port
        self._server = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self.port: int = self._server.getsockname()[1]
        self.is_open = True
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """Stop forwarding for good."""
        self.shut()
        # Closing alone would not wake the thread in accept().
        self._server.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._server.close()

    def shut(self) -> None:
        self.is_open = False
        for end in self._sockets:
            end.close()
        self._sockets.clear()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            try:
                if not self.is_open:
                    raise ConnectionRefusedError
                broker = socket.create_connection(("127.0.0.1", self._broker_port))
            except OSError:
                client.close()
                continue
            self._sockets += [client, broker]
            for ends in ((client, broker), (broker, client)):
                threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class GatedDaemon:
    """A daemon behind a gate, its broker, a watcher, and all messages received."""

    def __init__(self, folder: Path, start_broker: StartBroker) -> None:
        self.broker = start_broker()
        self.gate = Gate(self.broker.port)
        self.record = folder / "record"
        self.record.touch()
        self.state = folder / "state"
        self._config = folder / "timbrel.yaml"
        self._config.write_text(
            f"name: room\nstate: {{directory: {self.state}}}\n"
            f"mqtt: {{host: 127.0.0.1, port: {self.gate.port}}}\n"
        )
        self._earlier: list[Received] = []
        with ExitStack() as running:
            running.callback(self.gate.close)
            self._watch()
            running.callback(self._end_watching)
            running.callback(self.end_daemon)
            self.start_daemon()
            self.close = running.pop_all().close

    def _watch(self) -> None:
        # With QoS 1, sending a PUBACK to a killed broker could fail before everything is read.
        self.watcher = Watcher(self.broker.port, qos=0)
        self.watcher.__enter__()

    def _end_watching(self) -> None:
        self.watcher.__exit__()

    def committed(self) -> list[Any]:
        # The last line may be incomplete while it is written.
        whole, _, _ = self.record.read_bytes().rpartition(b"\n")
        return [json.loads(line) for line in whole.splitlines()]

    def received(self) -> list[Any]:
        topics = ("timbrel/room/event", "timbrel/room/event/late")
        everything = [*self._earlier, *list(self.watcher.received)]
        return [message.json for message in everything if message.topic in topics]

    def start_daemon(self) -> None:
        # A kill may leave an incomplete line.
        whole, end, _ = self.record.read_bytes().rpartition(b"\n")
        self.record.write_bytes(whole + end)
        before = len(self.committed())
        command = [sys.executable, str(PROGRAM), str(self._config), str(self.record), str(SPEED)]
        self.daemon = subprocess.Popen(
            command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True
        )
        wait_until(lambda: len(self.committed()) > before, 30)

    def kill_broker(self, away_seconds: float) -> None:
        self.broker.kill()
        self.gate.shut()
        # After its disconnect the watcher has received everything the broker sent.
        wait_until(lambda: not self.watcher._client.is_connected())
        self._end_watching()
        self._earlier += self.watcher.received
        time.sleep(away_seconds)
        self.broker.start()
        self._watch()
        self.gate.is_open = True

    def end_daemon(self) -> None:
        self.daemon.kill()
        self.daemon.communicate()

    def kill_daemon(self, away_seconds: float) -> None:
        self.end_daemon()
        time.sleep(away_seconds)
        self.start_daemon()

    def _wait_for_all(self) -> None:
        deadline = time.monotonic() + 30
        while missing := keys(self.committed()) - keys(self.received()):
            lost = [e for e in self.committed() if key(e) in missing]
            assert time.monotonic() < deadline, f"{len(lost)} events are lost, the first: {lost[0]}"
            time.sleep(0.05)

    def end(self) -> str:
        """Stop the daemon once all committed events were received; return its log."""
        self._wait_for_all()
        self.daemon.send_signal(signal.SIGTERM)
        errors: str = self.daemon.communicate(timeout=20)[1]
        assert self.daemon.returncode == 0, errors
        self._wait_for_all()
        return errors


def key(event: Any) -> tuple[str, str]:
    return event["event_id"], event["event_type"]


def keys(events: list[Any]) -> set[tuple[str, str]]:
    return {key(event) for event in events}


@pytest.fixture
def gated(tmp_path: Path, start_broker: StartBroker) -> Iterator[GatedDaemon]:
    gated = GatedDaemon(tmp_path, start_broker)
    try:
        yield gated
    finally:
        gated.close()


def test_no_event_is_lost_when_broker_and_daemon_are_killed_repeatedly(
    gated: GatedDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(1)
    faults = [gated.kill_broker] * BROKER_KILLS + [gated.kill_daemon] * DAEMON_KILLS
    order = rng.permutation(len(faults))
    began = time.monotonic()
    for number in order:
        time.sleep(rng.uniform(0.1, 1.0))
        faults[number](rng.uniform(0.0, 0.4))
    gated.end()

    received, committed = gated.received(), gated.committed()
    first: dict[tuple[str, str], Any] = {}
    for event in received:
        earlier = first.setdefault(key(event), event)
        assert event | {"late": None} == earlier | {"late": None}
    interrupted = [event for event in first.values() if event.get("reason") == "interrupted"]
    with capsys.disabled():
        print(
            f"\n{BROKER_KILLS} brokers and {DAEMON_KILLS} daemons killed in "
            f"{time.monotonic() - began:.0f} s: {len(committed)} events on disk, "
            f"{len(keys(committed) - first.keys())} of them lost, {len(first)} received, "
            f"{len(received) - len(first)} received twice, {len(interrupted)} interrupted, "
            f"{sum('late' in event for event in first.values())} late"
        )
    assert len(committed) >= 100
    assert keys(committed) <= first.keys()
    assert len(interrupted) >= DAEMON_KILLS
    for family in {event["family"] for event in first.values()}:
        of_family = [event for event in first.values() if event["family"] == family]
        pairs = list(zip(of_family[::2], of_family[1::2], strict=True))
        assert all((s["event_type"], e["event_type"]) == ("started", "ended") for s, e in pairs)
        assert all(start["event_id"] == end["event_id"] for start, end in pairs)
    with Outbox(gated.state) as outbox:
        assert outbox.waiting == 0


def test_unsent_events_are_sent_after_restart(gated: GatedDaemon) -> None:
    gated.gate.shut()
    before = len(gated.committed())
    wait_until(lambda: len(gated.committed()) >= before + 5)
    gated.daemon.send_signal(signal.SIGTERM)
    _, errors = gated.daemon.communicate(timeout=20)
    assert "were not accepted by a broker; they are kept until the next start" in errors
    gated.gate.is_open = True
    gated.start_daemon()
    gated.end()
    assert keys(gated.committed()) <= keys(gated.received())
