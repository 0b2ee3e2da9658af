"""A real mosquitto, and a client that records its messages."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.cleanup import undone_by


class Received(NamedTuple):
    """A message as a subscriber received it."""

    topic: str
    payload: bytes
    qos: int
    retained: bool

    @property
    def json(self) -> Any:
        return json.loads(self.payload)


def free_port() -> int:
    """Return a free TCP port.

    It is below Linux's ephemeral ports, so that no outgoing connection of another test takes it
    while its server is down.
    """
    for port in random.SystemRandom().sample(range(10_000, 32_000), 100):
        with socket.socket() as probe:
            # As servers do: a port with connections in TIME_WAIT is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


class Mosquitto:
    """A mosquitto on its own port, which can be killed and started again."""

    def __init__(self, folder: Path, extra: str) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        user = "user root\n" if os.getuid() == 0 else ""
        self._config.write_text(f"{user}listener {self.port} 127.0.0.1\n{extra}")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it accepts connections; kill it if that fails."""
        command = [shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", str(self._config)]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        with undone_by(self.kill):
            deadline = time.monotonic() + 10
            while not self._answers():
                assert self._process.poll() is None, "mosquitto rejected its configuration"
                assert time.monotonic() < deadline, "mosquitto did not start"
                time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Suspend the process with all connections open, like a machine that hangs."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


class Watcher:
    """A client that records all messages in order of arrival."""

    def __init__(self, port: int, qos: int = 1, **login: str) -> None:
        self.received: list[Received] = []
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311
        )
        if login:
            self._client.username_pw_set(login["username"], login["password"])
        self._subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._keep
        self._client.on_connect = self._subscribe
        # Reconnects faster than any daemon, or it would miss messages of that daemon.
        self._client.reconnect_delay_set(0.05, 0.05)  # type: ignore[arg-type]
        self._port = port
        self._qos = qos

    def _subscribe(self, *_: Any) -> None:
        self._client.subscribe("#", self._qos)

    def _keep(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        payload = bytes(message.payload)
        self.received.append(Received(message.topic, payload, message.qos, message.retain))

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        with undone_by(self.__exit__):
            self._client.loop_start()
            assert self._subscribed.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def of(self, topic: str) -> list[Received]:
        """Return all messages of a topic so far."""
        return [message for message in list(self.received) if message.topic == topic]

    def wait_for(
        self, topic: str, wanted: Callable[[Received], bool] = lambda _: True, seconds: float = 15
    ) -> Received:
        """Return the first message of a topic for which `wanted` is true; wait up to `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            found = next((m for m in self.of(topic) if wanted(m)), None)
            if found is not None:
                return found
            seen = sorted({message.topic for message in self.received})
            assert time.monotonic() < deadline, f"no such message on {topic}; seen: {seen}"
            time.sleep(0.02)
