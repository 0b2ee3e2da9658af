"""The service manager's edge: what it is told, what it hands over; nothing where there is none."""

import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path

PASSWORD_CREDENTIAL = "mqtt_password"  # noqa: S105
KEY_CREDENTIAL = "mqtt_key"


def notify(state: str) -> None:
    """Send lines such as `READY=1`, as sd_notify(3) does; a manager that is gone is no error."""
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
    """The daemon hears, or has said why it cannot."""
    notify(f"READY=1\nSTATUS={status}")


def feed_watchdog() -> None:
    """One turn of the loop is complete: what starves this is a loop that hangs."""
    notify("WATCHDOG=1")


def status(text: str) -> None:
    """What `systemctl status` shows."""
    notify(f"STATUS={text}")


def reloading() -> None:
    """The settings are read again; `ready` ends that."""
    notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")


def watchdog_seconds(environment: Mapping[str, str] = os.environ) -> float | None:
    """How often the manager wants to see us `alive`, where it watches."""
    microseconds = environment.get("WATCHDOG_USEC", "")
    return int(microseconds) / 1e6 if microseconds.isdigit() else None


def stopping() -> None:
    """The daemon is on its way out."""
    notify("STOPPING=1")


def credential(name: str, environment: Mapping[str, str] = os.environ) -> Path | None:
    """The file that the manager handed to this service under that name, if it did."""
    folder = environment.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return None
    file = Path(folder, name)
    return file if file.is_file() else None
