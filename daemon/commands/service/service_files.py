"""The files of the systemd service: what is written, and what the service must be able to read."""

import os
import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from daemon.commands.service.service_manager import ServiceManager
from daemon.configuration.settings import Settings
from daemon.configuration.settings_file import load
from daemon.configuration.web_password import password_file as web_password_file
from daemon.errors import InputError
from daemon.system import installation, systemd, unit
from daemon.system.files.whole_file import whole_file

_PUBLIC, _SECRET = 0o644, 0o600
_CONFIG_START = """\
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
_SYSTEM_CONFIG_END = """\
  # Put only the password into {password}. Only root can read that file;
  # systemd passes a copy to the service.
"""
_USER_CONFIG_END = """\
  # A file that contains only the password:
  # password_file: {password}
"""


class File(NamedTuple):
    """A file that belongs to the service."""

    path: Path
    """Its path in the installed system."""
    text: str
    """Its contents."""
    mode: int
    """Its permission bits."""
    keep: bool = True
    """True if an existing file is kept, because the user may have edited it."""


def service_files(manager: ServiceManager) -> list[File]:
    """Return the files to write. Raises InputError if the service could not read a file."""
    settings = read_config(manager)
    program = installation.program(of_user=manager.of_user)
    # The page decodes one upload at a time.
    uploads = int(settings.web.port is not None)
    urls = uploads + sum(
        not isinstance(source.url, msgspec.UnsetType) for source in settings.sources
    )
    version = _systemd_version(manager)
    if manager.of_user:
        text = unit.user_unit(program, manager.config, urls=urls, systemd_version=version)
    else:
        named = _files_to_read(settings)
        visible = installation.paths_in_homes([*installation.installed_folders(), *named])
        _check_readable(manager, [manager.in_root(path) for path in named], visible)
        secrets = _secrets(manager, settings)
        ports = _ports(settings)
        text = unit.system_unit(
            program, manager.config, secrets, visible, ports, urls=urls, systemd_version=version
        )
    example = _CONFIG_START + (_USER_CONFIG_END if manager.of_user else _SYSTEM_CONFIG_END)
    example = example.format(config=shlex.quote(str(manager.config)), password=manager.password)
    files = [
        File(manager.unit, text, _PUBLIC, keep=False),
        File(manager.config, example, _PUBLIC),
    ]
    if settings.mqtt.password_file is None:
        files.append(File(manager.password, "", _SECRET))
    if not manager.of_user and settings.web.port is not None and settings.web.password_file is None:
        files.append(File(unit.WEB_PASSWORD, "", _SECRET))
    return files


def read_config(manager: ServiceManager) -> Settings:
    """Return the settings of the service, or the defaults if it has no configuration yet."""
    config = manager.in_root(manager.config)
    return load(config) if config.exists() else Settings()


def password_file(manager: ServiceManager, settings: Settings) -> Path:
    """Return the file with the broker's password, as a path in the installed system."""
    return Path(settings.mqtt.password_file or manager.password).absolute()


def _ports(settings: Settings) -> list[str]:
    """Return the ports on which the service may listen, as systemd writes them."""
    health, web = settings.health.port, settings.web.port
    ports = [] if health is None else [f"ipv4:tcp:{health}"]
    if web is not None:
        family = "ipv6:" if ":" in settings.web.bind else "ipv4:"
        is_address = settings.web.bind.replace(".", "").isdigit() or family == "ipv6:"
        ports.append(f"{family if is_address else ''}tcp:{web}")
    return ports


def _systemd_version(manager: ServiceManager) -> int:
    """Return the major version of the systemd that will read the unit; 0 if unknown."""
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


def _files_to_read(settings: Settings) -> list[Path]:
    """Return the files that a configuration names and that the service opens itself."""
    tls, model = settings.mqtt.tls, settings.model
    named = [model.file, model.notes_file, model.genre_file, *settings.web.models]
    if tls is not None:
        named += [tls.ca_file, tls.certificate_file]
    named += [source.ca_file for source in settings.sources]
    return [Path(name) for name in named if name is not None]


def _secrets(manager: ServiceManager, settings: Settings) -> dict[str, Path]:
    """Return the files of which systemd passes copies to the service, by credential name.

    The service itself does not need permission to read the originals.
    """
    secrets = {systemd.PASSWORD_CREDENTIAL: password_file(manager, settings)}
    if settings.web.port is not None:
        named = settings.web.password_file
        if named is not None and not manager.in_root(Path(named)).exists():
            raise InputError(
                f"web.password_file: {named}: no such file; write it with `timbrel web-password`"
            )
        secrets[systemd.WEB_PASSWORD_CREDENTIAL] = web_password_file(settings.web).absolute()
    tls = settings.mqtt.tls
    if tls is not None and tls.key_file is not None:
        secrets[systemd.KEY_CREDENTIAL] = Path(tls.key_file).absolute()
    return secrets


def _check_readable(
    manager: ServiceManager, named: Sequence[Path], visible: Sequence[Path]
) -> None:
    """Raise InputError if the service's own user could not read one of the files it needs."""
    if installation.paths_in_homes([manager.config]):
        raise InputError(
            f"{manager.config} is in a home directory, which the system service cannot read; "
            f"move it to {unit.CONFIG}, or use --user"
        )
    config = manager.in_root(manager.config)
    needed = [*named, config] if config.exists() else list(named)
    if manager.root == Path("/"):
        needed += [*installation.installed_folders(), installation.program(of_user=False)]
    for path in needed:
        if not path.exists():
            raise InputError(f"{path}: no such file; correct {config}")
        if closed := installation.unreadable_path(path, [*visible, manager.root]):
            mode = "o+rx" if closed.is_dir() else "o+r"
            remedy = shlex.join(["chmod", mode, str(closed)])
            # The configuration may contain passwords of cameras: do not open it to everybody.
            if closed == config and installation.service_group() is not None:
                remedy = installation.restrict_command(config)
            raise InputError(f"the service's user cannot read {closed}; run: {remedy}")


def write(manager: ServiceManager, file: File) -> None:
    """Write a file, unless it exists and is kept.

    From the moment it exists, it is complete and has its final mode.
    """
    path = manager.in_root(file.path)
    if file.keep and path.exists():
        return
    _make_folder(path.parent, of_user=manager.of_user)
    with whole_file(path) as new:
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, file.mode)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as output:
            os.fchmod(descriptor, file.mode)
            output.write(file.text)


def _make_folder(folder: Path, *, of_user: bool) -> None:
    """Create the folder and its parents. Unless `of_user`, everybody can read them."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        if not of_user:
            # Regardless of the umask: the system service runs as another user.
            path.chmod(0o755)
