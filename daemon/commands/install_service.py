"""`timbrel install-service`: write the unit and its configuration, enable and start it, or undo."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from daemon.commands.service_manager import ServiceManager, manager_of
from daemon.configuration.settings import Settings
from daemon.configuration.settings_file import load
from daemon.errors import FailedError, InputError
from daemon.system import installation, systemd, unit
from daemon.system.whole_file import whole_file

_PUBLIC, _SECRET = 0o644, 0o600
_CONFIG = """\
# Timbrel's configuration. Every setting has a default; configs/timbrel.yaml in the project
# documents them all. `timbrel check {config}` validates this file.

name: timbrel
audio:
  # An index or a part of a name from `timbrel devices`.
  device: default
mqtt:
  host: localhost
  # username: timbrel
"""
_HANDED = """\
  # Put only the password into {password}. Only root can read that file;
  # systemd passes a copy to the service.
"""
_READ = """\
  # A file that contains only the password:
  # password_file: {password}
"""


class _File(NamedTuple):
    path: Path
    text: str
    mode: int
    # What the user may have changed is left as it is.
    users: bool = True


def install_service(
    config: Path | None, root: Path, *, of_user: bool, uninstall: bool, dry_run: bool
) -> int:
    """Install, update or remove the service.

    Raises InputError for what must be put right first, FailedError when systemctl fails.
    """
    manager = manager_of(config, root, of_user=of_user)
    if not dry_run:
        _refuse_where_impossible(manager, uninstall=uninstall)
    if uninstall:
        return _uninstall(manager, dry_run=dry_run)
    files = _files(manager)
    if dry_run:
        _show(manager, files)
        return 0
    was_there = manager.inside(manager.unit).exists()
    for file in files:
        _write(manager, file)
    for command in manager.commands:
        _run(command, manager)
    _report(
        manager, _password(manager, _settings(manager)), "updated" if was_there else "installed"
    )
    return 0


def _refuse_where_impossible(manager: ServiceManager, *, uninstall: bool) -> None:
    """Raise InputError where this cannot work, with what would."""
    if shutil.which("systemctl") is None or (
        manager.root == Path("/") and not Path("/run/systemd/system").is_dir()
    ):
        run = shlex.join(["timbrel", "run", "--config", str(manager.config)])
        raise InputError(
            f"this machine does not run systemd; start `{run}` with this machine's own init system"
        )
    program = installation.program(of_user=manager.of_user)
    if manager.of_user:
        if os.geteuid() == 0:
            raise InputError("--user is for the user who listens: run it as that user, not as root")
    elif not _may_write(manager.inside(manager.unit)):
        raise InputError(
            f"only root can write {manager.inside(manager.unit)}: "
            f"{_as_root(program, manager, uninstall=uninstall)}; "
            "or --user for a service of your own"
        )


def _as_root(program: Path, manager: ServiceManager, *, uninstall: bool) -> str:
    """The command line that does the same as root."""
    command = ["sudo", str(program), "install-service"]
    if uninstall:
        command.append("--uninstall")
    if manager.root != Path("/"):
        command += ["--root", str(manager.root)]
    if manager.config != unit.CONFIG:
        command += ["--config", str(manager.config)]
    return shlex.join(command)


def _may_write(path: Path) -> bool:
    """Whether the file can be made, its folders too where they are missing."""
    return os.access(next(folder for folder in path.parents if folder.exists()), os.W_OK)


def _files(manager: ServiceManager) -> list[_File]:
    """What is to be written; raises InputError for what the service could not read."""
    settings = _settings(manager)
    program = installation.program(of_user=manager.of_user)
    urls = sum(not isinstance(source.url, msgspec.UnsetType) for source in settings.sources)
    version = _systemd_version(manager)
    if manager.of_user:
        text = unit.user_unit(program, manager.config, urls=urls, systemd_version=version)
    else:
        named = _read_by(settings)
        seen = installation.paths_in_homes([*installation.installed_folders(), *named])
        _refuse_unreadable(manager, [manager.inside(path) for path in named], seen)
        secrets = _secrets(manager, settings)
        port = settings.health.port
        text = unit.system_unit(
            program, manager.config, secrets, seen, port, urls=urls, systemd_version=version
        )
    example = _CONFIG + (_READ if manager.of_user else _HANDED)
    example = example.format(config=shlex.quote(str(manager.config)), password=manager.password)
    files = [
        _File(manager.unit, text, _PUBLIC, users=False),
        _File(manager.config, example, _PUBLIC),
    ]
    if settings.mqtt.password_file is None:
        files.append(_File(manager.password, "", _SECRET))
    return files


def _settings(manager: ServiceManager) -> Settings:
    config = manager.inside(manager.config)
    return load(config) if config.exists() else Settings()


def _password(manager: ServiceManager, settings: Settings) -> Path:
    """The file with the broker's password, as a path of the installed system."""
    return Path(settings.mqtt.password_file or manager.password).absolute()


def _systemd_version(manager: ServiceManager) -> int:
    """The major version of the manager that will read the unit, 0 where that is not known."""
    if manager.root != Path("/"):
        return 0
    try:
        done = subprocess.run(
            ["systemctl", "--version"],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return 0
    version = re.match(r"systemd (\d+)", done.stdout)
    return int(version[1]) if version else 0


def _read_by(settings: Settings) -> list[Path]:
    """The files that a configuration names and the service reads itself."""
    tls = settings.mqtt.tls
    named = [settings.model.file]
    if tls is not None:
        named += [tls.ca_file, tls.certificate_file]
    named += [source.ca_file for source in settings.sources]
    return [Path(name) for name in named if name is not None]


def _secrets(manager: ServiceManager, settings: Settings) -> dict[str, Path]:
    """The files that only root need be able to read: the service is handed copies."""
    secrets = {systemd.PASSWORD_CREDENTIAL: _password(manager, settings)}
    tls = settings.mqtt.tls
    if tls is not None and tls.key_file is not None:
        secrets[systemd.KEY_CREDENTIAL] = Path(tls.key_file).absolute()
    return secrets


def _refuse_unreadable(
    manager: ServiceManager, named: Sequence[Path], seen: Sequence[Path]
) -> None:
    """Raise InputError for a file that a user of its own, as the service has, cannot read."""
    if installation.paths_in_homes([manager.config]):
        raise InputError(
            f"{manager.config} is in a home directory, which the system service cannot read; "
            f"move it to {unit.CONFIG}, or use --user"
        )
    config = manager.inside(manager.config)
    needed = [*named, config] if config.exists() else list(named)
    if manager.root == Path("/"):
        needed += [*installation.installed_folders(), installation.program(of_user=False)]
    for path in needed:
        if not path.exists():
            raise InputError(f"{path}: no such file; correct {config}")
        if closed := installation.unreadable_path(path, [*seen, manager.root]):
            mode = "o+rx" if closed.is_dir() else "o+r"
            remedy = shlex.join(["chmod", mode, str(closed)])
            # It may hold the passwords of cameras.
            if closed == config and installation.service_group() is not None:
                remedy = installation.restrict_command(config)
            raise InputError(f"the service's user cannot read {closed}; run: {remedy}")


def _show(manager: ServiceManager, files: Sequence[_File]) -> None:
    """Print the files and the commands, exactly, and nothing else."""
    for file in files:
        path = manager.inside(file.path)
        if file.users and path.exists():
            print(f"# {path} is there and stays as it is\n")
            continue
        print(f"# {path}, mode {file.mode:04o}:\n{file.text}")
    for command in manager.commands:
        print(f"# run: {shlex.join(command)}")


def _write(manager: ServiceManager, file: _File) -> None:
    """Write a file with its mode from its first moment on, whole or not at all."""
    path = manager.inside(file.path)
    if file.users and path.exists():
        return
    _make_folder(path.parent, of_user=manager.of_user)
    with whole_file(path) as new:
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, file.mode)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as output:
            os.fchmod(descriptor, file.mode)
            output.write(file.text)


def _make_folder(folder: Path, *, of_user: bool) -> None:
    """Make the folder and those above it; the system's service can read them whatever the umask."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        if not of_user:
            each.chmod(0o755)


def _run(command: Sequence[str], manager: ServiceManager) -> None:
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[0]
        raise FailedError(f"{shlex.join(command)}: {said}; see {_journal(manager)}")


def _journal(manager: ServiceManager) -> str:
    return f"journalctl {'--user ' if manager.of_user else ''}-u {unit.NAME.partition('.')[0]}"


def _report(manager: ServiceManager, password: Path, what: str) -> None:
    control = shlex.join(manager.control())
    print(f"{what}: {manager.inside(manager.unit)}")
    print(f"settings:  {manager.inside(manager.config)}, then {control} restart timbrel")
    print(f"password:  {manager.inside(password)}")
    print(f"log:       {_journal(manager)} -f")
    if manager.of_user:
        print("to listen while nobody is logged in: loginctl enable-linger")


def _uninstall(manager: ServiceManager, *, dry_run: bool) -> int:
    path = manager.inside(manager.unit)
    after = [manager.control("daemon-reload")] if manager.root == Path("/") else []
    if dry_run:
        for command in manager.undoing:
            print(f"# run: {shlex.join(command)}")
        print(f"# remove {path}")
        for command in after:
            print(f"# run: {shlex.join(command)}")
        return 0
    if not path.exists():
        raise InputError(f"{path} is not there: the service is not installed")
    for command in manager.undoing:
        _run(command, manager)
    path.unlink()
    for command in after:
        _run(command, manager)
    print(f"removed:   {path}")
    kept = "/var/lib/private/timbrel" if not manager.of_user else "~/.local/state/timbrel"
    print(f"left:      {manager.inside(manager.config).parent}, and the saved state in {kept}")
    return 0
