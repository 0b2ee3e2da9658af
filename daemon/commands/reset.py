"""`timbrel reset`: discard what was set from the hub; the configuration is in force again."""

from pathlib import Path

from daemon.configuration.settings import Settings
from daemon.errors import InputError
from daemon.system.installation import command
from daemon.system.state_directory import DirectoryLock, state_directory


def reset(settings: Settings, directory: Path | None) -> int:
    """Remove what every node's hub has chosen; raises InputError when there is nothing."""
    folder = directory or state_directory(settings.state.directory)
    chosen = sorted(folder.glob("chosen-*.json"))
    if not chosen:
        raise InputError(
            f"{folder}: nothing there was set from a hub; for the system's service: "
            f"{command('reset', '--state', '/var/lib/timbrel', as_root=True)}"
        )
    try:
        lock = DirectoryLock(folder)
    except InputError:
        raise InputError(
            f"{folder}: Timbrel is running and would write it again; stop it first, for the "
            "system's service: sudo systemctl stop timbrel"
        ) from None
    for file in chosen:
        file.unlink()
        node = file.stem.removeprefix("chosen-")
        print(f"{node}: what was set from the hub is forgotten; the configuration holds")
    lock.release()
    return 0
