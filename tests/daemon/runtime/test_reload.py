"""Settings read again: what is applied, what is named, and what is refused."""

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
    """A file of settings, and what was applied of it."""

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


def test_nothing_is_read_unasked(box: Box) -> None:
    box.file.write_text("tracker: {threshold: 0.9}")
    box.reload()
    assert box.applied == []


def test_what_can_be_applied_is(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    box.change(BEFORE.replace("0.5", "0.9") + "log: {level: debug}\naudio: {gate_dbfs: -50}\n")
    assert [s.tracker.threshold for s in box.applied] == [0.9]
    assert caplog.messages == [
        "settings reloaded: audio.gate_dbfs, tracker.threshold, log.level applied"
    ]


def test_what_needs_a_restart_is_named_until_there_is_one(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    text = BEFORE.replace("0.5", "0.9") + "mqtt: {host: hub, port: 1}\naudio: {hop_seconds: 2}\n"
    for _ in range(2):
        box.change(text)
    waiting = "restart needed for audio.hop_seconds, mqtt.host, mqtt.port"
    assert caplog.messages == [
        f"settings reloaded: tracker.threshold applied; {waiting}",
        f"settings reloaded: {waiting}",
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
def test_sources_are_told_apart_by_name(box: Box, sources: str, keys: list[str]) -> None:
    old = load(box.file)
    box.file.write_text(BEFORE.replace("[{name: a, device: x}]", sources))
    assert changed_keys(old, load(box.file)) == keys
    assert [is_applied(key) for key in keys] == [key.endswith("gate_dbfs") for key in keys]


TWO = "sources: [{name: a, device: x}, {name: b, device: y}]\n"


def test_source_that_was_taken_out_needs_no_restart(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    box.file.write_text(TWO)
    box.reload = Reload(box.file, load(box.file), box.apply)
    for _ in range(2):
        box.change("sources: [{name: b, device: y}]\n")
    assert [[s.name for s in settings.places] for settings in box.applied] == [["b"], ["b"]]
    assert caplog.messages == [
        "settings reloaded: sources without a",
        "settings reloaded: nothing has changed",
    ]


def test_last_source_is_not_taken_out_without_a_restart(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    box.change("name: room\ntracker: {threshold: 0.5}\n")
    assert caplog.messages == ["settings reloaded: restart needed for sources"]


def test_places_that_end_when_sources_is_removed_are_named(
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


def test_source_that_replaces_another_is_named(box: Box, caplog: pytest.LogCaptureFixture) -> None:
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
def test_a_bad_file_is_refused_in_one_line_and_the_old_settings_stay(
    box: Box, text: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    box.change(text)
    assert box.applied == []
    (line,) = caplog.messages
    assert reason in line
    assert line.endswith("; the old settings stay")
    box.change(BEFORE)
    assert caplog.messages[1:] == ["settings reloaded: nothing has changed"]


def test_each_fault_of_a_bad_file_is_a_line_of_its_own(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    box.change("tracker: {threshold: 5}\naudoi: {}\n")
    assert box.applied == []
    default = "correct it, or remove it for the default"
    threshold = f"tracker.threshold: expected a number < 1.0, found 5; {default}"
    assert caplog.messages == [
        f"{box.file}, line 1: {threshold}; the old settings stay",
        f"{box.file}, line 2: audoi: unknown key; did you mean audio?; the old settings stay",
    ]


@pytest.mark.parametrize("text", ["a: &a {x: 1}\ntracker: {<<: *a}", "rows: &a [*a]"])
def test_merge_keys_and_endless_aliases_do_not_hold_up_the_loop(
    text: str, box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    began = time.monotonic()
    box.change(text)
    assert time.monotonic() - began < 2
    assert box.applied == []
    assert caplog.messages[-1].endswith("; the old settings stay")


def test_a_file_that_is_gone_is_refused(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    box.file.unlink()
    box.reload.request()
    box.reload()
    assert "No such file" in caplog.messages[0]


def test_without_a_file_there_is_nothing_to_read(caplog: pytest.LogCaptureFixture) -> None:
    reload = Reload(None, Settings(), lambda _: pytest.fail("applied"))
    reload.request()
    reload()
    assert caplog.messages == ["nothing to reload: started without --config"]


def test_a_file_that_changed_behind_its_name_needs_a_restart(
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
    waiting = "settings reloaded: restart needed for mqtt.tls.ca_file (its file has changed)"
    nothing = "settings reloaded: nothing has changed"
    assert caplog.messages == [nothing, waiting, waiting, waiting]


class Login(Box):
    """A box whose broker's password is in a file."""

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

    def read_again(self) -> None:
        self.reload.request()
        self.reload()


@pytest.fixture
def login(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Login:
    caplog.set_level(logging.INFO)
    return Login(tmp_path)


def test_a_password_that_changed_in_its_file_is_used(
    login: Login, caplog: pytest.LogCaptureFixture
) -> None:
    login.read_again()
    login.password.write_text("new\n")
    login.read_again()
    login.read_again()
    assert login.used == ["old", "new", "new"]
    assert caplog.messages == [
        "settings reloaded: nothing has changed",
        "settings reloaded: the broker's password applied",
        "settings reloaded: nothing has changed",
    ]


def test_another_password_file_is_used(login: Login, caplog: pytest.LogCaptureFixture) -> None:
    other = login.password.with_name("other")
    other.write_text("new")
    login.write(other)
    login.read_again()
    login.read_again()
    assert login.used == ["new", "new"]
    assert caplog.messages == [
        "settings reloaded: mqtt.password_file, the broker's password applied",
        "settings reloaded: nothing has changed",
    ]


def test_the_password_of_another_user_waits_for_a_restart(
    login: Login, caplog: pytest.LogCaptureFixture
) -> None:
    login.password.write_text("new")
    login.file.write_text(login.file.read_text().replace("username: me", "username: you"))
    login.read_again()
    assert login.used == []
    assert caplog.messages == ["settings reloaded: restart needed for mqtt.username"]


@pytest.mark.parametrize("content", [None, b"me\nnew", b"\xff"])
def test_a_password_that_cannot_be_used_leaves_the_old_settings(
    content: bytes | None, login: Login, caplog: pytest.LogCaptureFixture
) -> None:
    login.password.unlink()
    if content is not None:
        login.password.write_bytes(content)
    login.read_again()
    assert login.used == []
    assert login.applied == []
    (line,) = caplog.messages
    assert line.startswith(f"mqtt.password_file: {login.password}: ")
    assert line.endswith("; the old settings stay")


def test_a_pipe_is_not_read_again(login: Login, caplog: pytest.LogCaptureFixture) -> None:
    login.password.unlink()
    os.mkfifo(login.password)
    began = time.monotonic()
    login.read_again()
    assert time.monotonic() - began < 2
    assert login.used == []
    assert caplog.messages == ["settings reloaded: nothing has changed"]


def test_a_copy_that_is_not_current_is_mentioned(
    login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    copy = tmp_path / "timbrel.service" / "mqtt_password"
    copy.parent.mkdir()
    copy.write_text("old")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(copy.parent))
    monkeypatch.setattr(os, "access", lambda *_: False)
    while login.password.stat().st_ctime <= copy.stat().st_ctime:
        login.password.write_text("new")
    login.read_again()
    assert login.used == []
    (line,) = caplog.messages
    assert line == (
        f"settings reloaded: mqtt.password_file: {login.password} has changed, but this service "
        "uses a copy from its start; run: systemctl restart timbrel"
    )
    assert caplog.records[0].levelno == logging.WARNING


def test_a_signal_requests_it_and_wakes_the_loop(box: Box) -> None:
    woken: list[int] = []
    before = signal.getsignal(signal.SIGHUP)
    with reload_on_signal(box.reload, lambda: woken.append(1), Stop()):
        os.kill(os.getpid(), signal.SIGHUP)
        assert box.applied == []
        box.reload()
    assert woken == [1]
    assert len(box.applied) == 1
    assert signal.getsignal(signal.SIGHUP) == before


def test_a_blocked_signal_arrives_all_the_same(box: Box) -> None:
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
    """Close the terminal or not, then send SIGHUP; whether that asked to stop."""
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


def test_a_terminal_that_is_closed_stops_what_was_started_there(box: Box) -> None:
    assert not hang_up(box, closing=False)
    assert len(box.applied) == 1
    assert hang_up(box, closing=True)
    assert len(box.applied) == 1


def test_a_terminal_that_was_closed_during_the_start_stops_what_was_started_there(
    box: Box,
) -> None:
    terminal, ours = os.openpty()
    stdin, stop = os.dup(0), Stop()
    os.dup2(ours, 0)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
    try:
        os.close(terminal)
        # Only this thread blocks it here.
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


def test_a_signal_while_the_program_starts_does_not_end_it(tmp_path: Path) -> None:
    config, log = tmp_path / "timbrel.yaml", tmp_path / "log"
    config.write_text(
        "mqtt: {host: 127.0.0.1, port: 9}\nsources: [{name: a, url: 'rtsp://127.0.0.1:9/a'}]\n"
    )
    with log.open("w") as output:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "daemon", "run", "--config", config],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stderr=output,
        )
    with killed_at_last(daemon):
        # As soon as the program blocks the signal, long before it has its handler.
        process = Path(f"/proc/{daemon.pid}")
        deadline = time.monotonic() + 20
        # Until it is that program, it has the mask of a fork, which blocks every signal.
        while b"-m\0daemon\0run" not in (process / "cmdline").read_bytes() or not is_blocked(
            process / "status", signal.SIGHUP
        ):
            assert time.monotonic() < deadline
        daemon.send_signal(signal.SIGHUP)
        while "settings reloaded: nothing has changed" not in log.read_text():
            assert daemon.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)


def is_blocked(status: Path, number: signal.Signals) -> bool:
    lines = status.read_text().splitlines()
    blocked = next(int(line.split()[1], 16) for line in lines if line.startswith("SigBlk"))
    return bool(blocked & 1 << (number - 1))


def test_a_closed_terminal_does_not_stop_what_was_started_to_ignore_that(box: Box) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert not hang_up(box, closing=True)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
    assert len(box.applied) == 1
