"""Where this Timbrel is installed: its program, and the folders that the program needs."""

import grp
import os
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

import daemon
from daemon.errors import InputError

# The SupplementaryGroups of the unit. Its user exists only while the service runs.
SERVICE_GROUP = "audio"
# Debian's secure_path, which sudo uses instead of the user's PATH.
_PATH_OF_SUDO = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

HOMES = (Path("/home"), Path("/root"), Path("/run/user"))


def program(*, of_user: bool) -> Path:
    """Return the path of the `timbrel` script of this interpreter.

    With `of_user`, the user's own scripts folder is searched too. Raises InputError if there is no
    such script.
    """
    schemes = [sysconfig.get_default_scheme()]
    if of_user:
        schemes.append(sysconfig.get_preferred_scheme("user"))
    for scheme in schemes:
        path = Path(sysconfig.get_path("scripts", scheme), "timbrel")
        if path.exists():
            return path
    raise InputError(
        f"{sys.executable} has no timbrel program; a service needs Timbrel installed in a "
        "virtual environment (python3 -m venv), with pipx, or for all users"
    )


def command(*arguments: str, as_root: bool = False) -> str:
    """Return a shell command that runs this Timbrel, even if it is not on PATH."""
    try:
        path = program(of_user=True)
    except InputError:
        words = [sys.executable, "-m", "daemon"]
    else:
        found = shutil.which("timbrel", path=_PATH_OF_SUDO if as_root else None)
        is_ours = found is not None and os.path.realpath(found) == os.path.realpath(path)
        words = ["timbrel" if is_ours else str(path)]
    return shlex.join([*(["sudo"] if as_root else []), *words, *arguments])


def pip_install(*packages: str) -> str:
    """Return a shell command that installs packages into this Timbrel's environment."""
    sudo = [] if os.access(sys.prefix, os.W_OK) else ["sudo"]
    return shlex.join([*sudo, sys.executable, "-m", "pip", "install", *packages])


def service_group() -> int | None:
    """Return the id of the system service's group; None if the group does not exist."""
    try:
        return grp.getgrnam(SERVICE_GROUP).gr_gid
    except KeyError:
        return None


def restrict_command(file: Path) -> str:
    """Return a shell command that leaves `file` readable only by its owner and the service."""
    name = shlex.quote(str(file))
    return f"chgrp {SERVICE_GROUP} {name} && chmod 640 {name}"


def paths_in_homes(paths: Iterable[Path]) -> list[Path]:
    """Return the paths that are in home directories, without those inside another of them."""
    at_home = sorted({path for path in paths if any(map(path.is_relative_to, HOMES))})
    return [path for path in at_home if not any(other in path.parents for other in at_home)]


def installed_folders() -> list[Path]:
    """Return the folders of the environment, its interpreter, and this package."""
    interpreter = Path(sys.executable).resolve().parents[1]
    package = Path(daemon.__file__).parent
    return [Path(sys.prefix), Path(sys.base_prefix), interpreter, package]


def unreadable_path(path: Path, visible: Iterable[Path]) -> Path | None:
    """Return the first of `path` and the folders above it that the service's user cannot read.

    Return None if all are readable. Folders above a `visible` path are not checked, because the
    unit mounts that path for the service. Raises OSError if a path does not exist.
    """
    tops = set(visible)
    group = service_group()
    for place in (path, *path.parents):
        found = place.stat()
        wanted = 0o5 if place.is_dir() else 0o4
        # For files of the service's group, the group's permissions apply.
        mode = found.st_mode >> 3 if found.st_gid == group else found.st_mode
        if mode & wanted != wanted:
            return place
        if place in tops:
            return None
    return None
