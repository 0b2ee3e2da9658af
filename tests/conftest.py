"""Real parts for the tests: a mosquitto, clients that watch it, and Timbrel as a program."""

import fcntl
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np
import paho.mqtt.client as paho
import pytest
import soundfile
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.surroundings import plain_process

ROOT = Path(__file__).parents[1]
MEDLEY = ROOT / "daemon" / "commands" / "demo" / "medley.opus"
# Read before the environment is made plain.
CORPUS = os.environ.get("TIMBREL_CORPUS")
YAMNET = os.environ.get("TIMBREL_YAMNET")

Text = TypeVar("Text", str, bytes)


class Received(NamedTuple):
    """One message as a subscriber got it."""

    topic: str
    payload: bytes
    qos: int
    retained: bool

    @property
    def json(self) -> Any:
        return json.loads(self.payload)


@contextmanager
def undone_by(undo: Callable[[], object]) -> Iterator[None]:
    """Undo what was begun when the rest of it fails."""
    with ExitStack() as stack:
        stack.callback(undo)
        yield
        stack.pop_all()


@contextmanager
def killed_at_last(process: subprocess.Popen[Text]) -> Iterator[subprocess.Popen[Text]]:
    """A process that does not outlive the context, whatever happens inside; its pipes neither."""
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def free_port() -> int:
    """A port of this machine that nobody listens at.

    It is below those that Linux hands out, so that no other test's connection takes it while its
    server is away.
    """
    for port in random.SystemRandom().sample(range(10_000, 32_000), 100):
        with socket.socket() as probe:
            # As servers do: a port whose connections are still winding down is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


class Mosquitto:
    """A mosquitto on a port of its own that can be killed and started again."""

    def __init__(self, folder: Path, extra: str) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        user = "user root\n" if os.getuid() == 0 else ""
        self._config.write_text(f"{user}listener {self.port} 127.0.0.1\n{extra}")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and return once it takes connections; it does not run when this raises."""
        command = [shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", str(self._config)]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        with undone_by(self.kill):
            deadline = time.monotonic() + 10
            while not self._answers():
                assert self._process.poll() is None, "mosquitto refuses its configuration"
                assert time.monotonic() < deadline, "mosquitto does not start"
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
        """Stand still with every connection open, as a machine that hangs does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


class Watcher:
    """A subscriber of its own that keeps every message in the order of arrival."""

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
        # Back before any daemon, or it misses what that sends.
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
        """All messages of one topic so far."""
        return [message for message in list(self.received) if message.topic == topic]

    def wait_for(
        self, topic: str, wanted: Callable[[Received], bool] = lambda _: True, seconds: float = 15
    ) -> Received:
        """The first message of a topic that is wanted, arrived or yet to come."""
        deadline = time.monotonic() + seconds
        while True:
            found = next((m for m in self.of(topic) if wanted(m)), None)
            if found is not None:
                return found
            seen = sorted({message.topic for message in self.received})
            assert time.monotonic() < deadline, f"nothing wanted came on {topic}; seen: {seen}"
            time.sleep(0.02)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """For workers: begin with the files of the longest tests, so that none is left alone with one.

    Files of the daemon, whose tests mostly wait, take turns with those of the training side, whose
    tests mostly compute.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    seconds: Counter[Path] = Counter()
    for item in items:
        limit = item.get_closest_marker("timeout")
        seconds[item.path] += limit.args[0] if limit else 0
    turns: dict[Path, int] = {}
    folders: Counter[Path] = Counter()
    for file, _ in seconds.most_common():
        turns[file] = folders[file.parent]
        folders[file.parent] += 1
    items.sort(key=lambda item: turns[item.path])


@pytest.fixture(scope="session", autouse=True)
def _plain_surroundings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing of the user's or the machine's reaches a test."""
    plain_process(tmp_path_factory.mktemp("home"))


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state directory for each test, so that none finds what another left, or the user's."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


StartBroker = Callable[..., Mosquitto]
Timbrel = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def start_broker(tmp_path: Path) -> Iterator[StartBroker]:
    """Start a mosquitto; the argument is added to its configuration."""
    if shutil.which("mosquitto") is None and not Path("/usr/sbin/mosquitto").exists():
        pytest.skip("mosquitto is not installed")
    with ExitStack() as running:

        def start(extra: str = "allow_anonymous true\n") -> Mosquitto:
            folder = Path(tempfile.mkdtemp(prefix="broker", dir=tmp_path))
            broker = Mosquitto(folder, extra)
            broker.start()
            running.callback(broker.kill)
            return broker

        yield start


@pytest.fixture
def broker(start_broker: StartBroker) -> Mosquitto:
    """A mosquitto that takes everybody."""
    return start_broker()


@pytest.fixture
def watcher(broker: Mosquitto) -> Iterator[Watcher]:
    """A subscriber of everything at `broker`."""
    with Watcher(broker.port) as watching:
        yield watching


@pytest.fixture
def timbrel() -> Timbrel:
    """Run the program to its end: arguments as for `timbrel`, options as for subprocess.run."""

    def run(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "daemon", *map(str, arguments)]
        options = {"capture_output": True, "text": True, "timeout": 120, "cwd": ROOT, **options}
        if "input" not in options:
            options.setdefault("stdin", subprocess.DEVNULL)
        result: subprocess.CompletedProcess[str] = subprocess.run(command, check=False, **options)
        return result

    return run


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real recordings, where there is one."""
    return named("TIMBREL_CORPUS", CORPUS, "the corpus of recordings")


def named(variable: str, path: str | None, what: str) -> Path:
    """What the variable named when the tests began; the test skips where it named nothing."""
    if not path:
        pytest.skip(f"needs {what}: {variable} is not set")
    assert Path(path).exists(), f"{variable}: {path}: no such file or folder"
    return Path(path)


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A file or folder that the first worker to need it makes, and every worker reads."""
    folder = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    made = folder / name
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            new = made.with_name(f"new-{name}")
            make(new)
            new.replace(made)
    return made


class VirtualMicrophone:
    """A private sound server whose null sinks are rooms; what is played there, PortAudio hears.

    A room is never quite still: at rest a null sink gives exact zeros, which is what a dead device
    gives. `vmic` is there from the start.
    """

    def __init__(self, folder: Path) -> None:
        # A socket's path holds 107 bytes at most, so pytest's folders are too deep.
        self._socket = folder / "pulse"
        self._script = folder / "server.pa"
        self._script.write_text(
            f"load-module module-native-protocol-unix auth-anonymous=1 socket={self._socket}\n"
        )
        self._dither = folder / "dither.wav"
        rng = np.random.default_rng(1)
        soundfile.write(self._dither, rng.uniform(-1e-4, 1e-4, 600 * 8_000), 8_000)
        names = ["HOME", "XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH"]
        self.environment = {
            **os.environ,
            **dict.fromkeys(names, str(folder)),
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_SOURCE": "vmic.monitor",
        }
        self._server: subprocess.Popen[bytes] | None = None
        self._players: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, rate_hz: int = 44_100) -> None:
        """Start the server with `vmic`; it does not run when this raises."""
        options = ["--daemonize=no", "--system=false", "--exit-idle-time=-1", "--use-pid-file=no"]
        options += ["--disable-shm=yes", "--realtime=no", "--high-priority=no"]
        self._server = subprocess.Popen(
            ["pulseaudio", "-n", "-F", self._script, *options],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with undone_by(self.kill):
            deadline = time.monotonic() + 10
            while self.control("info").returncode != 0:
                assert time.monotonic() < deadline, "the sound server does not start"
                time.sleep(0.05)
            self.plug("vmic", rate_hz)

    def control(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run pactl on this server."""
        command = ["pactl", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, check=False)

    def plug(self, room: str = "vmic", rate_hz: int = 44_100) -> None:
        """Have a room, with its dither; pactl's module number is forgotten."""
        sink = ("module-null-sink", f"sink_name={room}", f"rate={rate_hz}")
        assert self.control("load-module", *sink).returncode == 0
        self.stir(room)

    def unplug(self) -> None:
        """Have no room any more."""
        assert self.control("unload-module", "module-null-sink").returncode == 0
        for room in list(self._players):
            self.still(room)

    def stir(self, room: str = "vmic") -> None:
        """Have the room sound like one."""
        self._players[room] = self.play(self._dither, room)

    def still(self, room: str = "vmic") -> None:
        """Have the room give exact zeros."""
        player = self._players.pop(room)
        player.kill()
        player.wait()

    def play(self, file: Path, room: str = "vmic") -> subprocess.Popen[bytes]:
        """Play a sound file into a room, in real time."""
        return subprocess.Popen(
            ["paplay", "--latency-msec=50", f"--device={room}", file],
            env=self.environment,
            stderr=subprocess.DEVNULL,
        )

    def freeze(self) -> None:
        """Stand still with every connection open."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._server is not None
        self._server.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        for room in list(self._players):
            self.still(room)
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None


@pytest.fixture
def microphone() -> Iterator[VirtualMicrophone]:
    """A virtual microphone in a room at rest."""
    if shutil.which("pulseaudio") is None or shutil.which("paplay") is None:
        pytest.skip("pulseaudio and pulseaudio-utils are not installed")
    with tempfile.TemporaryDirectory(prefix="tmb", dir="/tmp") as folder:
        virtual = VirtualMicrophone(Path(folder))
        virtual.start()
        try:
            yield virtual
        finally:
            virtual.kill()
