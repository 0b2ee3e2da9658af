"""Special files in place of a regular file, by their name in the log."""

import os
import socket
from pathlib import Path

import pytest


def as_fifo(path: Path) -> None:
    os.mkfifo(path)


def as_directory(path: Path) -> None:
    path.mkdir()
    (path / "something").touch()


def as_link(path: Path) -> None:
    path.symlink_to(path.with_name("elsewhere"))


def as_socket(path: Path) -> None:
    server = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(path.parent)  # A socket path is limited to 107 bytes.
    server.bind(path.name)
    os.chdir(here)
    server.close()


def as_device(path: Path) -> None:
    try:
        os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero
    except PermissionError:
        pytest.skip("only root can create a device")


SPECIAL = {
    "a FIFO": as_fifo,
    "a directory": as_directory,
    "a link": as_link,
    "a socket": as_socket,
    "a device": as_device,
}
