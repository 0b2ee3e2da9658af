"""Where this Timbrel lies: its program, and the folders without which the program does not run."""

import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

import daemon
from daemon.errors import InputError

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


def hidden(paths: Iterable[Path]) -> list[Path]:
    """Those of the paths that lie in somebody's home, none of them inside another."""
    at_home = sorted({path for path in paths if any(map(path.is_relative_to, HOMES))})
    return [path for path in at_home if not any(other in path.parents for other in at_home)]


def folders() -> list[Path]:
    """The environment, its interpreter, and this package, which may lie elsewhere."""
    interpreter = Path(sys.executable).resolve().parents[1]
    package = Path(daemon.__file__).parent
    return [Path(sys.prefix), Path(sys.base_prefix), interpreter, package]


def closed(path: Path, visible: Iterable[Path]) -> Path | None:
    """What keeps other users from reading a path: it, or a folder above; None when they can.

    Above a `visible` path nothing matters: a service is shown it in a home that is otherwise empty.
    """
    tops = set(visible)
    for place in (path, *path.parents):
        wanted = 0o005 if place.is_dir() else 0o004
        if place.stat().st_mode & wanted != wanted:
            return place
        if place in tops:
            return None
    return None
