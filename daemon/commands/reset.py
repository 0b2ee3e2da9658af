"""`timbrel reset`: discard the settings that were changed from the hub, or go back a schema."""

from pathlib import Path

from daemon.configuration.settings import Settings
from daemon.errors import FailedError, InputError
from daemon.system.files.schema_copies import copies, restore
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
    lock = _lock(folder, "would write the settings again")
    for file in chosen:
        file.unlink()
        node = file.stem.removeprefix("chosen-")
        print(f"{node}: discarded the settings from the hub; the configuration applies again")
    lock.release()
    return 0


def reset_to_schema(settings: Settings, directory: Path | None, version: int) -> int:
    """Replace outbox and history by their copies with the schema `version`, made when migrated.

    `directory` is the state directory; None: as configured. Raises InputError if there is no such
    copy, or if the daemon is running, and FailedError if a file cannot be renamed.
    """
    folder = directory or state_directory(settings.state.directory)
    found = copies(folder, version)
    if not found:
        others = ", ".join(
            sorted({copy.suffix.removeprefix(".schema-") for copy in copies(folder)})
        )
        raise InputError(
            f"{folder}: contains no copies with schema {version}; "
            + (
                f"use --to-schema with one of these: {others}"
                if others
                else "there are none at all"
            )
        )
    lock = _lock(folder, "uses the files")
    for copy in found:
        try:
            path = restore(copy)
        except OSError as error:
            raise FailedError(f"{copy}: {error.strerror}; correct that and run it again") from None
        print(f"{path.name}: schema {version} again; the newer file is kept as {path.name}.newer")
    lock.release()
    return 0


def _lock(folder: Path, does: str) -> DirectoryLock:
    """Lock the state directory; raises InputError if the daemon is running, which `does` that."""
    try:
        return DirectoryLock(folder)
    except InputError:
        raise InputError(
            f"{folder}: Timbrel is running and {does}; stop it first; "
            "for the system service, run: sudo systemctl stop timbrel"
        ) from None
