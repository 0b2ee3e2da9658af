import http.client
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

pytest.importorskip("starlette", reason="needs the lab extra")
pytest.importorskip("uvicorn", reason="needs the lab extra")
import uvicorn

from daemon.errors import InputError
from model_build.lab.experiment import read_experiment
from model_build.lab.page.serve.live import live_state
from model_build.lab.page.serve.server import application, listening, serve
from model_build.lab.page.write import write_index
from model_build.lab.run.run import run_experiment
from tests.conftest import ROOT, free_port
from tests.model_build.lab.page.made_run import write_course, write_experiment


class Answer(NamedTuple):
    code: int
    kind: str
    body: bytes


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """Serve a folder of runs in this process; yield the port."""
    port = free_port()
    with listening(port) as listener:
        server = uvicorn.Server(uvicorn.Config(application(folder), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield port
        finally:
            server.should_exit = True
            thread.join()


def ask(port: int, path: str, **headers: str) -> Answer:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    client.request("GET", path, headers=headers)
    answer = client.getresponse()
    found = Answer(answer.status, answer.getheader("Content-Type") or "", answer.read())
    client.close()
    return found


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    write_index(folder)
    (folder.parent / "secret.html").write_text("secret")
    (folder / "drums/model").mkdir(parents=True)
    (folder / "drums/model/model.joblib").write_text("pickle")
    (folder / "drums/run.json").write_text("{}")
    (folder / "clips").mkdir()
    (folder / "clips/a.flac").write_bytes(b"fLaC" + bytes(100))
    (folder / "clips/link.html").symlink_to(folder.parent / "secret.html")
    return folder


@pytest.fixture(scope="module")
def port(runs: Path) -> Iterator[int]:
    with served(runs) as number:
        yield number


def test_pages_assets_and_clips_are_served(port: int) -> None:
    assert b"Experiments" in ask(port, "/").body
    assert ask(port, "/assets/lab.css").kind.startswith("text/css")
    assert ask(port, "/clips/a.flac").code == 200
    assert ask(port, "/clips/a.flac", Range="bytes=0-3").body == b"fLaC"


@pytest.mark.parametrize(
    "path",
    [
        "/drums/run.json",
        "/drums/model/model.joblib",
        "/../secret.html",
        "/clips/../../secret.html",
        "/assets/..%2f..%2fsecret.html",
        "/%2e%2e/secret.html",
        "/clips/link.html",
        "//etc/passwd",
        "/clips/a.flac%00.html",
        "/missing.html",
        "/clips",
    ],
)
def test_nothing_else_is_served(port: int, path: str) -> None:
    answer = ask(port, path)
    assert answer.code == 404
    assert b"secret" not in answer.body


def test_names_of_other_hosts_are_refused(port: int) -> None:
    assert ask(port, "/", Host="evil.example").code == 421
    assert ask(port, "/live.json", Host=f"localhost:{port}").code == 200


def test_a_taken_port_is_one_clear_line(port: int, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"port {port}: .* choose another one with --port"):
        serve(tmp_path, port)
    with pytest.raises(InputError, match="port 70000: there is no such port"):
        listening(70_000)


def test_a_missing_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such folder"):
        serve(tmp_path / "missing", free_port())


def test_live_state_has_the_trainings_that_run(tmp_path: Path) -> None:
    write_course(tmp_path / "new/folds/k-fold-0/training-1", epochs=3)
    write_course(tmp_path / "finished/folds/k-fold-0", epochs=3)
    started = tmp_path / "new/started.json"
    started.write_text("{}")
    state = live_state(tmp_path)
    (running,) = msgspec.to_builtins(state)["running"]
    assert running["name"] == "new"
    assert running["courses"][0]["epochs"] == [1, 2, 3]
    later = started.stat().st_mtime + 3_600
    assert live_state(tmp_path, later)["running"] == [], "interrupted an hour ago"


class _Asks(logging.Handler):
    """Asks for the live state whenever a training logs an epoch."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self.states: list[Any] = []

    def emit(self, record: logging.LogRecord) -> None:
        if "epoch " in record.getMessage():
            self.states.append(msgspec.to_builtins(live_state(self._folder)))


def test_live_state_follows_a_real_training(tmp_path: Path) -> None:
    file = write_experiment(tmp_path)
    text = file.read_text().replace("{kind: forest, trees: 10}", "{kind: mlp, units: [4]}")
    file.write_text(text.replace(", leak_check: true", "") + "training: {epochs: 3}\n")
    asks = _Asks(tmp_path / "runs")
    log = logging.getLogger("model_build.lab")
    log.setLevel(logging.INFO)
    log.addHandler(asks)
    try:
        run_experiment(read_experiment(file), file, workers=1)
    finally:
        log.removeHandler(asks)
        log.setLevel(logging.NOTSET)
    # An epoch is logged before its line is written.
    seen = [[(c["name"], c["epochs"]) for c in s["running"][0]["courses"]] for s in asks.states]
    first, second = ("group-k-fold-0", [1, 2, 3]), ("group-k-fold-1", [1, 2, 3])
    assert seen[:3] == [[], [("group-k-fold-0", [1])], [("group-k-fold-0", [1, 2])]]
    assert seen[-1] == [first, second, ("final model", [1, 2])]
    assert live_state(tmp_path / "runs")["running"] == []


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_quietly(runs: Path, end: signal.Signals) -> None:
    command = [sys.executable, "-m", "model_build", "lab", "serve", str(runs)]
    server = subprocess.Popen(
        [*command, "--port", str(free_port())],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert server.stdout
        assert "Ctrl-C ends" in server.stdout.readline()
        time.sleep(1.0)  # it says so just before it waits
        server.send_signal(end)
        _, complaints = server.communicate(timeout=60)
    finally:
        server.kill()
    assert complaints == ""
    assert server.returncode in (0, -signal.SIGTERM)
