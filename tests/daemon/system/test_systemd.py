"""Notifications are received by a real datagram socket."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.system import systemd


def open_files() -> int:
    """Return the number of open file descriptors of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture(params=["path", "abstract"])
def manager(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[socket.socket]:
    """Bind a service manager's socket and name it in the environment, as systemd does."""
    address = str(tmp_path / "notify")
    if request.param == "abstract":
        address = f"@timbrel-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address.replace("@", "\0", 1))
        listening.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        yield listening


def test_sends_each_notification_as_a_datagram(manager: socket.socket) -> None:
    systemd.ready("hearing")
    systemd.feed_watchdog()
    systemd.notify("STATUS=hearing, playing: flûte")
    systemd.stopping()
    received = [manager.recv(4096).decode() for _ in range(4)]
    assert received == [
        "READY=1\nSTATUS=hearing",
        "WATCHDOG=1",
        "STATUS=hearing, playing: flûte",
        "STOPPING=1",
    ]


@pytest.mark.parametrize("address", [None, ""])
def test_does_nothing_without_a_manager(
    address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if address is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    before = open_files()
    systemd.feed_watchdog()
    assert open_files() == before


def test_ignores_a_missing_manager_and_notifies_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    systemd.feed_watchdog()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address)
        listening.settimeout(10)
        systemd.ready("back")
        assert listening.recv(4096) == b"READY=1\nSTATUS=back"


@pytest.mark.parametrize("address", ["/" + "x" * 200, "vsock:2:1", "/dev/null"])
def test_ignores_an_invalid_address(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    before = open_files()
    systemd.feed_watchdog()
    assert open_files() == before


def test_finds_a_credential_in_the_managers_directory(tmp_path: Path) -> None:
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert systemd.credential("mqtt_key", environment) is None
    (tmp_path / "mqtt_key").touch()
    assert systemd.credential("mqtt_key", environment) == tmp_path / "mqtt_key"
    assert systemd.credential("mqtt_key", {}) is None
