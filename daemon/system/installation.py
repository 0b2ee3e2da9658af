"""Where this Timbrel lies: its program, and the folders without which the program does not run."""

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

# The unit's SupplementaryGroups: the service's own user exists only while it runs.
SERVICE_GROUP = "audio"
# Where sudo looks, whatever the user's PATH is: Debian's secure_path.
_PATH_OF_SUDO = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

HOMES = (Path("/home"), Path("/root"), Path("/run/user"))


def program(*, of_user: bool) -> Path:
    """The `timbrel` that belongs to this interpreter; raises InputError where there is none."""
    schemes = [sysconfig.get_default_scheme()]
    if of_user:
        schemes.append(sysconfig.get_preferred_scheme("user"))
    for scheme in schemes:
        path = Path(sysconfig.get_path("scripts", scheme), "timbrel")
        if path.exists():
            return path
    raise InputError(
        f"no program timbrel belongs to {sys.executable}; a service needs Timbrel installed in a "
        "virtual environment (python3 -m venv), with pipx, or for all users"
    )


def command(*arguments: str, as_root: bool = False) -> str:
    """A line for a shell that runs this Timbrel with these arguments, found or not on PATH."""
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
    """A line for a shell that installs packages into this Timbrel's environment."""
    sudo = [] if os.access(sys.prefix, os.W_OK) else ["sudo"]
    return shlex.join([*sudo, sys.executable, "-m", "pip", "install", *packages])


def service_group() -> int | None:
    """The number of the group that the system's service belongs to, where there is one."""
    try:
        return grp.getgrnam(SERVICE_GROUP).gr_gid
    except KeyError:
        return None


def restrict_command(file: Path) -> str:
    """Return the command after which only the file's owner and the service can read it."""
    name = shlex.quote(str(file))
    return f"chgrp {SERVICE_GROUP} {name} && chmod 640 {name}"


def paths_in_homes(paths: Iterable[Path]) -> list[Path]:
    """Those of the paths that lie in somebody's home, none of them inside another."""
    at_home = sorted({path for path in paths if any(map(path.is_relative_to, HOMES))})
    return [path for path in at_home if not any(other in path.parents for other in at_home)]


def installed_folders() -> list[Path]:
    """The environment, its interpreter, and this package, which may lie elsewhere."""
    interpreter = Path(sys.executable).resolve().parents[1]
    package = Path(daemon.__file__).parent
    return [Path(sys.prefix), Path(sys.base_prefix), interpreter, package]


def unreadable_path(path: Path, visible: Iterable[Path]) -> Path | None:
    """What keeps the service's user from reading a path: it, or a folder above; None: nothing does.

    Above a `visible` path nothing matters: a service is shown it in a home that is otherwise empty.
    """
    tops = set(visible)
    group = service_group()
    for place in (path, *path.parents):
        found = place.stat()
        wanted = 0o5 if place.is_dir() else 0o4
        # Of a group's own files the bits for others do not count.
        mode = found.st_mode >> 3 if found.st_gid == group else found.st_mode
        if mode & wanted != wanted:
            return place
        if place in tops:
            return None
    return None
