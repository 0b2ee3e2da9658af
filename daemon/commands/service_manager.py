"""The service managers that Timbrel is installed for: the system's, or that of one user."""

import os
from dataclasses import dataclass
from pathlib import Path

from daemon.errors import InputError
from daemon.system import unit


@dataclass(frozen=True)
class ServiceManager:
    """The files of a kind of service, below `root`, and how its manager is spoken to."""

    of_user: bool
    """Whether it is this user's own, not the system's."""
    unit: Path
    """The unit file, as a path of the installed system."""
    config: Path
    """The configuration, as a path of the installed system."""
    password: Path
    """Where the broker's password is unless the configuration names another file."""
    root: Path
    """Where the installed system is now; / for this one."""

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


def manager_of(config: Path | None, root: Path, *, of_user: bool) -> ServiceManager:
    """The system's, or that of this user; raises InputError for a user's below another root."""
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
        raise InputError("--root is for the system's service; leave out --user")
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
