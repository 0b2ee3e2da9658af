"""`timbrel reset`: discard the settings that were changed from the hub."""

from pathlib import Path

from daemon.configuration.settings import Settings
from daemon.errors import InputError
from daemon.system.installation import command
from daemon.system.state_directory import DirectoryLock, state_directory


def reset(settings: Settings, directory: Path | None) -> int:
    """Delete the file of each node's settings from the hub, so that the configuration applies.

    `directory` is the state directory; None: as configured. Raises InputError if there is no such
    file, or if the daemon is running.
    """
    folder = directory or state_directory(settings.state.directory)
    chosen = sorted(folder.glob("chosen-*.json"))
    if not chosen:
        raise InputError(
            f"{folder}: contains no settings from a hub; for the system service, run: "
            f"{command('reset', '--state', '/var/lib/timbrel', as_root=True)}"
        )
    try:
        lock = DirectoryLock(folder)
    except InputError:
        raise InputError(
            f"{folder}: Timbrel is running and would write the settings again; stop it first; "
            "for the system service, run: sudo systemctl stop timbrel"
        ) from None
    for file in chosen:
        file.unlink()
        node = file.stem.removeprefix("chosen-")
        print(f"{node}: discarded the settings from the hub; the configuration applies again")
    lock.release()
    return 0
