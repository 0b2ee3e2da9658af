"""The two systemd managers that a service can be installed for: the system's and a user's."""

import os
from dataclasses import dataclass
from pathlib import Path

from daemon.errors import InputError
from daemon.system import unit


@dataclass(frozen=True)
class ServiceManager:
    """The files of the service, and the systemctl commands of the manager that runs it.

    All paths are those in the installed system. `in_root` finds them from this system.
    """

    of_user: bool
    """True for the manager of the current user, False for the system's."""
    unit: Path
    """The unit file."""
    config: Path
    """The configuration of the service."""
    password: Path
    """The file with the broker's password, if the configuration names no other."""
    root: Path
    """The root directory of the installed system; / for this system."""

    def in_root(self, path: Path) -> Path:
        """Return where a path of the installed system is in this system: below `root`."""
        return self.root / path.absolute().relative_to("/")

    def systemctl(self, *arguments: str) -> list[str]:
        """Return a systemctl command line for this manager."""
        options = ["--user"] if self.of_user else []
        if self.root != Path("/"):
            options = [f"--root={self.root}"]
        return ["systemctl", *options, *arguments]

    @property
    def install_commands(self) -> list[list[str]]:
        """The commands to run after the unit was written.

        They enable and start the service. Below another root they only enable it, because it
        starts when that system boots.
        """
        enable = self.systemctl("enable", unit.NAME)
        if self.root != Path("/"):
            return [enable]
        return [self.systemctl("daemon-reload"), enable, self.systemctl("restart", unit.NAME)]

    @property
    def uninstall_commands(self) -> list[list[str]]:
        """The commands to run before the unit is removed."""
        now = ["--now"] if self.root == Path("/") else []
        return [self.systemctl("disable", *now, unit.NAME)]


def manager_of(config: Path | None, root: Path, *, of_user: bool) -> ServiceManager:
    """Return the manager of the current user if `of_user`, else the system's.

    `config` is the configuration of the service; None: the default path. Raises InputError if
    `of_user` is combined with another `root`.
    """
    root = root.absolute()
    if not of_user:
        units = Path("/etc/systemd/system")
        return ServiceManager(
            of_user=False,
            unit=units / unit.NAME,
            config=config.absolute() if config else unit.CONFIG,
            password=unit.PASSWORD,
            root=root,
        )
    if root != Path("/"):
        raise InputError(
            "--root cannot be combined with --user; leave out --user for a system service"
        )
    home = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    if not home.is_absolute():
        home = Path.home() / ".config"
    return ServiceManager(
        of_user=True,
        unit=home / "systemd" / "user" / unit.NAME,
        config=config.absolute() if config else home / "timbrel" / "timbrel.yaml",
        password=home / "timbrel" / "mqtt-password",
        root=root,
    )
