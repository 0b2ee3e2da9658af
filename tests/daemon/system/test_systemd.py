"""Notifications as a real datagram socket receives them."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.system import systemd


def open_files() -> int:
    """How many this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture(params=["path", "abstract"])
def manager(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[socket.socket]:
    """A service manager's socket, named in the environment as systemd names it."""
    address = str(tmp_path / "notify")
    if request.param == "abstract":
        address = f"@timbrel-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address.replace("@", "\0", 1))
        listening.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        yield listening


def test_every_notification_arrives_as_its_own_datagram(manager: socket.socket) -> None:
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
def test_without_a_manager_nothing_happens(
    address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if address is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    before = open_files()
    systemd.feed_watchdog()
    assert open_files() == before


def test_a_manager_that_is_gone_is_no_error_and_the_next_one_is_told(
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
def test_an_address_that_cannot_be_is_no_error(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    before = open_files()
    systemd.feed_watchdog()
    assert open_files() == before


def test_a_credential_is_found_where_the_manager_put_it(tmp_path: Path) -> None:
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert systemd.credential("mqtt_key", environment) is None
    (tmp_path / "mqtt_key").touch()
    assert systemd.credential("mqtt_key", environment) == tmp_path / "mqtt_key"
    assert systemd.credential("mqtt_key", {}) is None
