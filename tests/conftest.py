"""Fixtures with real parts: a mosquitto, an MQTT client, the program, a virtual microphone."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.brokers import Mosquitto, Received, Watcher, free_port
from tests.cleanup import killed_at_last
from tests.surroundings import plain_process
from tests.virtual_microphone import VirtualMicrophone

__all__ = [
    "CORPUS",
    "MEDLEY",
    "ROOT",
    "YAMNET",
    "Mosquitto",
    "Received",
    "StartBroker",
    "Timbrel",
    "VirtualMicrophone",
    "Watcher",
    "free_port",
    "killed_at_last",
    "made_once",
    "named",
]

ROOT = Path(__file__).parents[1]
MEDLEY = ROOT / "daemon" / "commands" / "demo" / "medley.opus"
# Read before the environment is cleaned.
CORPUS = os.environ.get("TIMBREL_CORPUS")
YAMNET = os.environ.get("TIMBREL_YAMNET")

if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    # Processes that compile librosa's functions into one cache at the same time can damage it.
    os.environ["NUMBA_CACHE_DIR"] = str(ROOT / ".pytest_cache" / f"numba-{worker}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start parallel runs with the longest files, so that no worker ends with one alone.

    The folders alternate: tests of the daemon mostly wait, tests of the training side mostly
    compute.
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
    """Keep the user's environment and the machine's settings out of the tests."""
    plain_process(tmp_path_factory.mktemp("home"))


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test its own state directory, not that of another test or of the user."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


StartBroker = Callable[..., Mosquitto]
Timbrel = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def start_broker(tmp_path: Path) -> Iterator[StartBroker]:
    """Return a function that starts a mosquitto; its argument is added to the configuration."""
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
    """A mosquitto that accepts anonymous clients."""
    return start_broker()


@pytest.fixture
def watcher(broker: Mosquitto) -> Iterator[Watcher]:
    """A client that receives all messages of `broker`."""
    with Watcher(broker.port) as watching:
        yield watching


@pytest.fixture
def timbrel() -> Timbrel:
    """Return a function that runs `timbrel` with arguments, and options of subprocess.run."""

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
    """The folder of real recordings; skip the test if there is none."""
    return named("TIMBREL_CORPUS", CORPUS, "the corpus of recordings")


def named(variable: str, path: str | None, what: str) -> Path:
    """Return the path that `variable` held at the start; skip the test if it was not set."""
    if not path:
        pytest.skip(f"needs {what}: {variable} is not set")
    assert Path(path).exists(), f"{variable}: {path}: no such file or folder"
    return Path(path)


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a file or folder that all workers share; the first one that needs it makes it."""
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


@pytest.fixture
def microphone() -> Iterator[VirtualMicrophone]:
    """A virtual microphone in a quiet room."""
    if shutil.which("pulseaudio") is None or shutil.which("paplay") is None:
        pytest.skip("pulseaudio and pulseaudio-utils are not installed")
    with tempfile.TemporaryDirectory(prefix="tmb", dir="/tmp") as folder:
        virtual = VirtualMicrophone(Path(folder))
        virtual.start()
        try:
            yield virtual
        finally:
            virtual.kill()
