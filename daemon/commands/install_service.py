"""`timbrel install-service`: write the unit and its configuration, enable and start it, or undo."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec

from daemon.configuration.settings import Settings
from daemon.configuration.settings_file import load
from daemon.errors import FailedError, InputError
from daemon.system import installation, systemd, unit

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


@dataclass(frozen=True)
class _Place:
    """The files of a kind of service, below `root`, and how its manager is spoken to."""

    of_user: bool
    unit: Path
    config: Path
    password: Path
    root: Path

    def inside(self, path: Path) -> Path:
        """Where a path of the installed system is now."""
        return self.root / path.absolute().relative_to("/")

    def control(self, *arguments: str) -> list[str]:
        """A systemctl command for this manager."""
        options = ["--user"] if self.of_user else []
        if self.root != Path("/"):
            options = [f"--root={self.root}"]
        return ["systemctl", *options, *arguments]

    @property
    def commands(self) -> list[list[str]]:
        """What makes the written unit work; below another root it starts with that system."""
        enable = self.control("enable", unit.NAME)
        if self.root != Path("/"):
            return [enable]
        return [self.control("daemon-reload"), enable, self.control("restart", unit.NAME)]

    @property
    def undoing(self) -> list[list[str]]:
        """What must happen before the unit is removed."""
        now = ["--now"] if self.root == Path("/") else []
        return [self.control("disable", *now, unit.NAME)]


def install_service(
    config: Path | None, root: Path, *, of_user: bool, uninstall: bool, dry_run: bool
) -> int:
    """Install, update or remove the service.

    Raises InputError for what must be put right first, FailedError when systemctl fails.
    """
    place = _place(config, root, of_user=of_user)
    if not dry_run:
        _refuse_where_impossible(place, uninstall=uninstall)
    if uninstall:
        return _uninstall(place, dry_run=dry_run)
    files = _files(place)
    if dry_run:
        _show(place, files)
        return 0
    was_there = place.inside(place.unit).exists()
    for file in files:
        _write(place, file)
    for command in place.commands:
        _run(command, place)
    _report(place, _password(place, _settings(place)), "updated" if was_there else "installed")
    return 0


def _place(config: Path | None, root: Path, *, of_user: bool) -> _Place:
    root = root.absolute()
    if not of_user:
        units = Path("/etc/systemd/system")
        return _Place(
            of_user=False,
            unit=units / unit.NAME,
            config=config.absolute() if config else unit.CONFIG,
            password=unit.PASSWORD,
            root=root,
        )
    if root != Path("/"):
        raise InputError("--root is for the system's service; leave out --user")
    home = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    if not home.is_absolute():
        home = Path.home() / ".config"
    return _Place(
        of_user=True,
        unit=home / "systemd" / "user" / unit.NAME,
        config=config.absolute() if config else home / "timbrel" / "timbrel.yaml",
        password=home / "timbrel" / "mqtt-password",
        root=root,
    )


def _refuse_where_impossible(place: _Place, *, uninstall: bool) -> None:
    """Raise InputError where this cannot work, with what would."""
    if shutil.which("systemctl") is None or (
        place.root == Path("/") and not Path("/run/systemd/system").is_dir()
    ):
        run = shlex.join(["timbrel", "run", "--config", str(place.config)])
        raise InputError(
            f"this machine does not run systemd; start `{run}` with this machine's own init system"
        )
    program = installation.program(of_user=place.of_user)
    if place.of_user:
        if os.geteuid() == 0:
            raise InputError("--user is for the user who listens: run it as that user, not as root")
    elif not _may_write(place.inside(place.unit)):
        raise InputError(
            f"only root can write {place.inside(place.unit)}: "
            f"{_as_root(program, place, uninstall=uninstall)}; "
            "or --user for a service of your own"
        )


def _as_root(program: Path, place: _Place, *, uninstall: bool) -> str:
    """The command line that does the same as root."""
    command = ["sudo", str(program), "install-service"]
    if uninstall:
        command.append("--uninstall")
    if place.root != Path("/"):
        command += ["--root", str(place.root)]
    if place.config != unit.CONFIG:
        command += ["--config", str(place.config)]
    return shlex.join(command)


def _may_write(path: Path) -> bool:
    """Whether the file can be made, its folders too where they are missing."""
    return os.access(next(folder for folder in path.parents if folder.exists()), os.W_OK)


def _files(place: _Place) -> list[_File]:
    """What is to be written; raises InputError for what the service could not read."""
    settings = _settings(place)
    program = installation.program(of_user=place.of_user)
    urls = sum(not isinstance(source.url, msgspec.UnsetType) for source in settings.sources)
    version = _systemd_version(place)
    if place.of_user:
        text = unit.user_unit(program, place.config, urls=urls, systemd_version=version)
    else:
        named = _read_by(settings)
        seen = installation.hidden([*installation.folders(), *named])
        _refuse_unreadable(place, [place.inside(path) for path in named], seen)
        secrets = _secrets(place, settings)
        port = settings.health.port
        text = unit.system_unit(
            program, place.config, secrets, seen, port, urls=urls, systemd_version=version
        )
    example = _CONFIG + (_READ if place.of_user else _HANDED)
    example = example.format(config=shlex.quote(str(place.config)), password=place.password)
    files = [
        _File(place.unit, text, _PUBLIC, users=False),
        _File(place.config, example, _PUBLIC),
    ]
    if settings.mqtt.password_file is None:
        files.append(_File(place.password, "", _SECRET))
    return files


def _settings(place: _Place) -> Settings:
    config = place.inside(place.config)
    return load(config) if config.exists() else Settings()


def _password(place: _Place, settings: Settings) -> Path:
    """The file with the broker's password, as a path of the installed system."""
    return Path(settings.mqtt.password_file or place.password).absolute()


def _systemd_version(place: _Place) -> int:
    """The major version of the manager that will read the unit, 0 where that is not known."""
    if place.root != Path("/"):
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


def _secrets(place: _Place, settings: Settings) -> dict[str, Path]:
    """The files that only root need be able to read: the service is handed copies."""
    secrets = {systemd.PASSWORD_CREDENTIAL: _password(place, settings)}
    tls = settings.mqtt.tls
    if tls is not None and tls.key_file is not None:
        secrets[systemd.KEY_CREDENTIAL] = Path(tls.key_file).absolute()
    return secrets


def _refuse_unreadable(place: _Place, named: Sequence[Path], seen: Sequence[Path]) -> None:
    """Raise InputError for a file that a user of its own, as the service has, cannot read."""
    if installation.hidden([place.config]):
        raise InputError(
            f"{place.config} is in a home directory, which the system service cannot read; "
            f"move it to {unit.CONFIG}, or use --user"
        )
    config = place.inside(place.config)
    needed = [*named, config] if config.exists() else list(named)
    if place.root == Path("/"):
        needed += [*installation.folders(), installation.program(of_user=False)]
    for path in needed:
        if not path.exists():
            raise InputError(f"{path}: no such file; correct {config}")
        if closed := installation.closed(path, [*seen, place.root]):
            mode = "o+rx" if closed.is_dir() else "o+r"
            remedy = shlex.join(["chmod", mode, str(closed)])
            # It may hold the passwords of cameras.
            if closed == config and installation.service_group() is not None:
                remedy = installation.closing(config)
            raise InputError(f"the service's user cannot read {closed}; run: {remedy}")


def _show(place: _Place, files: Sequence[_File]) -> None:
    """Print the files and the commands, exactly, and nothing else."""
    for file in files:
        path = place.inside(file.path)
        if file.users and path.exists():
            print(f"# {path} is there and stays as it is\n")
            continue
        print(f"# {path}, mode {file.mode:04o}:\n{file.text}")
    for command in place.commands:
        print(f"# run: {shlex.join(command)}")


def _write(place: _Place, file: _File) -> None:
    """Write a file with its mode from its first moment on, whole or not at all."""
    path = place.inside(file.path)
    if file.users and path.exists():
        return
    _make_folder(path.parent, of_user=place.of_user)
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, file.mode)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as output:
        os.fchmod(descriptor, file.mode)
        output.write(file.text)
    new.replace(path)


def _make_folder(folder: Path, *, of_user: bool) -> None:
    """Make the folder and those above it; the system's service can read them whatever the umask."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        if not of_user:
            each.chmod(0o755)


def _run(command: Sequence[str], place: _Place) -> None:
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[0]
        raise FailedError(f"{shlex.join(command)}: {said}; see {_journal(place)}")


def _journal(place: _Place) -> str:
    return f"journalctl {'--user ' if place.of_user else ''}-u {unit.NAME.partition('.')[0]}"


def _report(place: _Place, password: Path, what: str) -> None:
    control = shlex.join(place.control())
    print(f"{what}: {place.inside(place.unit)}")
    print(f"settings:  {place.inside(place.config)}, then {control} restart timbrel")
    print(f"password:  {place.inside(password)}")
    print(f"log:       {_journal(place)} -f")
    if place.of_user:
        print("to listen while nobody is logged in: loginctl enable-linger")


def _uninstall(place: _Place, *, dry_run: bool) -> int:
    path = place.inside(place.unit)
    after = [place.control("daemon-reload")] if place.root == Path("/") else []
    if dry_run:
        for command in place.undoing:
            print(f"# run: {shlex.join(command)}")
        print(f"# remove {path}")
        for command in after:
            print(f"# run: {shlex.join(command)}")
        return 0
    if not path.exists():
        raise InputError(f"{path} is not there: the service is not installed")
    for command in place.undoing:
        _run(command, place)
    path.unlink()
    for command in after:
        _run(command, place)
    print(f"removed:   {path}")
    kept = "/var/lib/private/timbrel" if not place.of_user else "~/.local/state/timbrel"
    print(f"left:      {place.inside(place.config).parent}, and the saved state in {kept}")
    return 0
