"""Where a run comes from: versions of packages, and the state of the git repository."""

import importlib.metadata
import platform
import subprocess
from pathlib import Path

import msgspec

_PACKAGES = (
    *("timbrel", "numpy", "scipy", "scikit-learn", "keras", "tensorflow-cpu", "tensorflow"),
    *("soxr", "soundfile"),
)


class Git(msgspec.Struct, frozen=True):
    """The repository that an experiment file is in."""

    commit: str
    """The commit that is checked out."""
    is_changed: bool
    """True if files differ from it."""


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide the figures."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def git_state(folder: Path) -> Git | None:
    """Return the state of the repository around a folder; None if there is none, or no git."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None
    return Git(commit, is_changed=bool(_git(folder, "status", "--porcelain")))


def _git(folder: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 (fixed arguments and a folder)
            command, capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
