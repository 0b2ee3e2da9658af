"""The service manager's notifications; nothing happens where no manager listens."""

import os
import socket


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


def alive() -> None:
    """One turn of the loop is complete: what starves this is a loop that hangs."""
    notify("WATCHDOG=1")


def stopping() -> None:
    """The daemon is on its way out."""
    notify("STOPPING=1")
