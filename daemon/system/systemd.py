"""Notify the service manager and read its credentials; does nothing without one."""

import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path

PASSWORD_CREDENTIAL = "mqtt_password"  # noqa: S105
KEY_CREDENTIAL = "mqtt_key"
WEB_PASSWORD_CREDENTIAL = "web_password"  # noqa: S105


def notify(state: str) -> None:
    """Send lines such as `READY=1`, as sd_notify(3) does; an unreachable manager is ignored."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        try:
            manager.sendto(state.encode(), address)
        except OSError:
            return


def ready(status: str) -> None:
    """Notify that the daemon has started: it receives sound, or `status` says why not."""
    notify(f"READY=1\nSTATUS={status}")


def feed_watchdog() -> None:
    """Reset the watchdog. Call it after each turn of the loop, so that a hang is detected."""
    notify("WATCHDOG=1")


def status(text: str) -> None:
    """Set the text that `systemctl status` shows."""
    notify(f"STATUS={text}")


def reloading() -> None:
    """Notify that the settings are being reloaded; a notification of READY=1 ends that."""
    notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")


def watchdog_seconds(environment: Mapping[str, str] = os.environ) -> float | None:
    """Return the watchdog's timeout in seconds; None if there is no watchdog."""
    microseconds = environment.get("WATCHDOG_USEC", "")
    return int(microseconds) / 1e6 if microseconds.isdigit() else None


def stopping() -> None:
    """Notify that the daemon is shutting down."""
    notify("STOPPING=1")


def credential(name: str, environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the file of a credential that the manager passed to this service; None without it."""
    folder = environment.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return None
    file = Path(folder, name)
    return file if file.is_file() else None
