"""A reload of the settings: which keys are applied, need a restart, or are rejected."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from daemon.configuration.password import read_password
from daemon.configuration.password_reload import PasswordReload
from daemon.configuration.settings import Settings
from daemon.configuration.settings_file import load
from daemon.errors import InputError
from daemon.runtime.reload import Reload, changed_keys, is_applied, reload_on_signal
from daemon.system.stop import Stop
from tests.conftest import ROOT, killed_at_last

BEFORE = "name: room\ntracker: {threshold: 0.5}\nsources: [{name: a, device: x}]\n"


class Box:
    """A settings file, its reload, and the settings that were applied."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "timbrel.yaml"
        self.file.write_text(BEFORE)
        self.applied: list[Settings] = []
        self.reload = Reload(self.file, load(self.file), self.apply)

    def apply(self, settings: Settings) -> None:
        if settings.tracker.votes == 1000:
            raise InputError("tracker.votes: 1000 votes can never be reached")
        self.applied.append(settings)

    def change(self, text: str) -> None:
        self.file.write_text(text)
        self.reload.request()
        self.reload()


@pytest.fixture
def box(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Box:
    caplog.set_level(logging.INFO)
    return Box(tmp_path)


def test_reads_nothing_without_a_request(box: Box) -> None:
    box.file.write_text("tracker: {threshold: 0.9}")
    box.reload()
    assert box.applied == []


def test_applies_keys_that_need_no_restart(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    box.change(BEFORE.replace("0.5", "0.9") + "log: {level: debug}\naudio: {gate_dbfs: -50}\n")
    assert [s.tracker.threshold for s in box.applied] == [0.9]
    assert caplog.messages == [
        "settings reloaded: audio.gate_dbfs, tracker.threshold, log.level applied"
    ]


def test_every_reload_names_keys_that_need_a_restart(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    text = BEFORE.replace("0.5", "0.9") + "mqtt: {host: hub, port: 1}\naudio: {hop_seconds: 2}\n"
    text += "practice: {goal: 120}\n"
    for _ in range(2):
        box.change(text)
    restart = "restart needed for audio.hop_seconds, mqtt.host, mqtt.port"
    assert caplog.messages == [
        f"settings reloaded: tracker.threshold, practice.goal applied; {restart}",
        f"settings reloaded: {restart}",
    ]


@pytest.mark.parametrize(
    ("sources", "keys"),
    [
        ("[{name: a, device: x, gate_dbfs: -40}]", ["sources.a.gate_dbfs"]),
        ("[{name: a, device: y, channel: 2}]", ["sources.a.device", "sources.a.channel"]),
        ("[{name: b, device: x}]", ["sources"]),
        ("[{name: a, device: x}, {name: b, device: y}]", ["sources"]),
    ],
)
def test_identifies_sources_by_name(box: Box, sources: str, keys: list[str]) -> None:
    old = load(box.file)
    box.file.write_text(BEFORE.replace("[{name: a, device: x}]", sources))
    assert changed_keys(old, load(box.file)) == keys
    assert [is_applied(key) for key in keys] == [key.endswith("gate_dbfs") for key in keys]


TWO = "sources: [{name: a, device: x}, {name: b, device: y}]\n"


def test_removed_source_needs_no_restart(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    box.file.write_text(TWO)
    box.reload = Reload(box.file, load(box.file), box.apply)
    for _ in range(2):
        box.change("sources: [{name: b, device: y}]\n")
    assert [[s.name for s in settings.places] for settings in box.applied] == [["b"], ["b"]]
    assert caplog.messages == [
        "settings reloaded: sources without a",
        "settings reloaded: nothing has changed",
    ]


def test_removing_the_last_source_needs_a_restart(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    box.change("name: room\ntracker: {threshold: 0.5}\n")
    assert caplog.messages == ["settings reloaded: restart needed for sources"]


def test_names_places_that_end_when_sources_is_removed(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    box.file.write_text("name: a\n" + TWO)
    box.reload = Reload(box.file, load(box.file), box.apply)
    for _ in range(2):
        box.change("name: a\n")
    assert caplog.messages == [
        "settings reloaded: sources without b; restart needed for sources",
        "settings reloaded: restart needed for sources",
    ]


def test_replaced_source_needs_a_restart(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    box.file.write_text(TWO)
    box.reload = Reload(box.file, load(box.file), box.apply)
    box.change("sources: [{name: a, device: x}, {name: c, device: y}]\n")
    assert caplog.messages == ["settings reloaded: sources without b; restart needed for sources"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("audoi: {}", "did you mean audio?"),
        ("tracker: {threshold: [", "not valid YAML"),
        ("tracker: {votes: 1000, vote_seconds: 3}", "can never be reached"),
    ],
)
def test_invalid_file_is_logged_in_one_line_and_old_settings_stay(
    box: Box, text: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    box.change(text)
    assert box.applied == []
    (line,) = caplog.messages
    assert reason in line
    assert line.endswith("; the old settings stay")
    box.change(BEFORE)
    assert caplog.messages[1:] == ["settings reloaded: nothing has changed"]


def test_logs_each_fault_of_an_invalid_file(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    box.change("tracker: {threshold: 5}\naudoi: {}\n")
    assert box.applied == []
    default = "correct it, or remove it for the default"
    threshold = f"tracker.threshold: expected a number < 1.0, found 5; {default}"
    assert caplog.messages == [
        f"{box.file}, line 1: {threshold}; the old settings stay",
        f"{box.file}, line 2: audoi: unknown key; did you mean audio?; the old settings stay",
    ]


@pytest.mark.parametrize("text", ["a: &a {x: 1}\ntracker: {<<: *a}", "rows: &a [*a]"])
def test_merge_keys_and_endless_aliases_do_not_delay_the_loop(
    text: str, box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    began = time.monotonic()
    box.change(text)
    assert time.monotonic() - began < 10
    assert box.applied == []
    assert caplog.messages[-1].endswith("; the old settings stay")


def test_missing_file_is_logged(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    box.file.unlink()
    box.reload.request()
    box.reload()
    assert "No such file" in caplog.messages[0]


def test_reads_nothing_without_a_file(caplog: pytest.LogCaptureFixture) -> None:
    reload = Reload(None, Settings(), lambda _: pytest.fail("applied"))
    reload.request()
    reload()
    assert caplog.messages == ["nothing to reload: started without --config"]


def test_changed_referenced_file_needs_a_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    box, authority = Box(tmp_path), tmp_path / "ca.pem"
    authority.write_text("old")
    model = tmp_path / "mine.tflite"
    model.write_text("old")
    text = f"{BEFORE}mqtt: {{tls: {{ca_file: '{authority}'}}}}\nmodel: {{file: '{model}'}}\n"
    box.file.write_text(text)
    box.reload = Reload(box.file, load(box.file), box.apply)
    box.change(text)
    authority.write_text("new!")
    box.change(text)
    box.change(text)
    model.unlink()
    box.change(text)
    restart = "settings reloaded: restart needed for mqtt.tls.ca_file (its file has changed)"
    nothing = "settings reloaded: nothing has changed"
    assert caplog.messages == [nothing, restart, restart, restart]


class Login(Box):
    """A box with the broker's password in a file, and the passwords that were used."""

    def __init__(self, folder: Path) -> None:
        self.password = folder / "password"
        self.password.write_text("old")
        self.used: list[str | None] = []
        super().__init__(folder)
        self.write(self.password)
        settings = load(self.file)
        renew = PasswordReload(settings.mqtt, "old", read_password, self.used.append)
        self.reload = Reload(self.file, settings, self.apply, renew)

    def write(self, password: Path, more: str = "") -> None:
        mqtt = f"mqtt: {{username: me, password_file: '{password}'}}\n"
        self.file.write_text(BEFORE + mqtt + more)

    def reload_now(self) -> None:
        self.reload.request()
        self.reload()


@pytest.fixture
def login(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Login:
    caplog.set_level(logging.INFO)
    return Login(tmp_path)


def test_uses_a_password_changed_in_its_file(
    login: Login, caplog: pytest.LogCaptureFixture
) -> None:
    login.reload_now()
    login.password.write_text("new\n")
    login.reload_now()
    login.reload_now()
    assert login.used == ["old", "new", "new"]
    assert caplog.messages == [
        "settings reloaded: nothing has changed",
        "settings reloaded: the broker's password applied",
        "settings reloaded: nothing has changed",
    ]


def test_uses_another_password_file(login: Login, caplog: pytest.LogCaptureFixture) -> None:
    other = login.password.with_name("other")
    other.write_text("new")
    login.write(other)
    login.reload_now()
    login.reload_now()
    assert login.used == ["new", "new"]
    assert caplog.messages == [
        "settings reloaded: mqtt.password_file, the broker's password applied",
        "settings reloaded: nothing has changed",
    ]


def test_password_of_another_user_needs_a_restart(
    login: Login, caplog: pytest.LogCaptureFixture
) -> None:
    login.password.write_text("new")
    login.file.write_text(login.file.read_text().replace("username: me", "username: you"))
    login.reload_now()
    assert login.used == []
    assert caplog.messages == ["settings reloaded: restart needed for mqtt.username"]


@pytest.mark.parametrize("content", [None, b"me\nnew", b"\xff"])
def test_unusable_password_leaves_the_old_settings(
    content: bytes | None, login: Login, caplog: pytest.LogCaptureFixture
) -> None:
    login.password.unlink()
    if content is not None:
        login.password.write_bytes(content)
    login.reload_now()
    assert login.used == []
    assert login.applied == []
    (line,) = caplog.messages
    assert line.startswith(f"mqtt.password_file: {login.password}: ")
    assert line.endswith("; the old settings stay")


def test_does_not_read_a_pipe_again(login: Login, caplog: pytest.LogCaptureFixture) -> None:
    login.password.unlink()
    os.mkfifo(login.password)
    began = time.monotonic()
    login.reload_now()
    assert time.monotonic() - began < 10
    assert login.used == []
    assert caplog.messages == ["settings reloaded: nothing has changed"]


def test_warns_of_an_outdated_copy_of_the_password(
    login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    copy = tmp_path / "timbrel.service" / "mqtt_password"
    copy.parent.mkdir()
    copy.write_text("old")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(copy.parent))
    monkeypatch.setattr(os, "access", lambda *_: False)
    while login.password.stat().st_ctime <= copy.stat().st_ctime:
        login.password.write_text("new")
    login.reload_now()
    assert login.used == []
    (line,) = caplog.messages
    assert line == (
        f"settings reloaded: mqtt.password_file: {login.password} has changed, but this service "
        "uses a copy from its start; run: systemctl restart timbrel"
    )
    assert caplog.records[0].levelno == logging.WARNING


def test_signal_requests_a_reload_and_wakes_the_loop(box: Box) -> None:
    wakes: list[int] = []
    before = signal.getsignal(signal.SIGHUP)
    with reload_on_signal(box.reload, lambda: wakes.append(1), Stop()):
        os.kill(os.getpid(), signal.SIGHUP)
        assert box.applied == []
        box.reload()
    assert wakes == [1]
    assert len(box.applied) == 1
    assert signal.getsignal(signal.SIGHUP) == before


def test_blocked_signal_requests_a_reload(box: Box) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
    try:
        with reload_on_signal(box.reload, lambda: None, Stop()):
            os.kill(os.getpid(), signal.SIGHUP)
            box.reload()
        assert signal.SIGHUP in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert len(box.applied) == 1


def hang_up(box: Box, *, closing: bool) -> bool:
    """Send SIGHUP, with `closing` from a closed terminal; return True if a stop was requested."""
    terminal, ours = os.openpty()
    stdin = os.dup(0)
    os.dup2(ours, 0)
    stop = Stop()
    try:
        with reload_on_signal(box.reload, lambda: None, stop):
            if closing:
                os.close(terminal)
            os.kill(os.getpid(), signal.SIGHUP)
            box.reload()
    finally:
        os.dup2(stdin, 0)
        os.close(stdin)
        os.close(ours)
        if not closing:
            os.close(terminal)
    return stop.is_set()


def test_closed_terminal_stops_the_process_started_in_it(box: Box) -> None:
    assert not hang_up(box, closing=False)
    assert len(box.applied) == 1
    assert hang_up(box, closing=True)
    assert len(box.applied) == 1


def test_terminal_closed_during_the_start_stops_the_process(
    box: Box,
) -> None:
    terminal, ours = os.openpty()
    stdin, stop = os.dup(0), Stop()
    os.dup2(ours, 0)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
    try:
        os.close(terminal)
        # To this thread: the others do not block the signal.
        signal.pthread_kill(threading.get_ident(), signal.SIGHUP)
        with reload_on_signal(box.reload, lambda: None, stop):
            box.reload()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.dup2(stdin, 0)
        os.close(stdin)
        os.close(ours)
    assert stop.is_set()
    assert box.applied == []


@pytest.mark.parametrize("delay_seconds", [0.0, 0.2])
@pytest.mark.parametrize("in_background", [False, True])
def test_signal_during_the_start_does_not_end_the_program(
    tmp_path: Path, *, in_background: bool, delay_seconds: float
) -> None:
    config, log = tmp_path / "timbrel.yaml", tmp_path / "log"
    config.write_text(
        "mqtt: {host: 127.0.0.1, port: 9}\nsources: [{name: a, url: 'rtsp://127.0.0.1:9/a'}]\n"
    )
    # The shell of a script ignores Ctrl-C in what it starts in the background.
    start = "trap '' INT; exec \"$@\"" if in_background else 'exec "$@"'
    daemon_run = [sys.executable, "-m", "daemon", "run", "--config", str(config)]
    with log.open("w") as output:
        daemon = subprocess.Popen(
            ["sh", "-c", start, "sh", *daemon_run],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stderr=output,
        )
    with killed_at_last(daemon):
        # Send it once the program blocks the signal, long before the handler is installed.
        status = Path(f"/proc/{daemon.pid}/status")
        deadline = time.monotonic() + 20
        # Before exec, the forked process blocks every signal, also those that no test blocks.
        while blocked_signals(status) & {signal.SIGHUP, signal.SIGALRM} != {signal.SIGHUP}:
            assert daemon.poll() is None, log.read_text()
            assert time.monotonic() < deadline
        time.sleep(delay_seconds)
        daemon.send_signal(signal.SIGHUP)
        while "settings reloaded: nothing has changed" not in log.read_text():
            assert daemon.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)


def blocked_signals(status: Path) -> set[int]:
    lines = status.read_text().splitlines()
    mask = next(int(line.split()[1], 16) for line in lines if line.startswith("SigBlk"))
    return {number for number in range(1, 65) if mask & 1 << (number - 1)}


def test_closed_terminal_does_not_stop_a_process_that_ignores_it(box: Box) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert not hang_up(box, closing=True)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
    assert len(box.applied) == 1
