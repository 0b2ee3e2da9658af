"""`timbrel reset`: forget what was set from the hub; the configuration holds again."""

from pathlib import Path

from daemon.errors import InputError
from daemon.settings import Settings
from daemon.state import Lock, state_directory


def reset(settings: Settings, directory: Path | None) -> int:
    """Remove what every node's hub has chosen; raises InputError when there is nothing."""
    folder = directory or state_directory(settings.state.directory)
    chosen = sorted(folder.glob("chosen-*.json"))
    if not chosen:
        raise InputError(
            f"{folder}: nothing there was set from a hub; a service keeps it in another place: "
            "--state /var/lib/timbrel"
        )
    try:
        lock = Lock(folder)
    except InputError:
        raise InputError(
            f"{folder}: Timbrel runs and would write it again; stop it first, for a service with "
            "systemctl stop timbrel"
        ) from None
    for file in chosen:
        file.unlink()
        node = file.stem.removeprefix("chosen-")
        print(f"{node}: what was set from the hub is forgotten; the configuration holds")
    lock.release()
    return 0
