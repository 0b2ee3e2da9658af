"""The environment of a training: the machine, and versions that can change its result."""

import importlib.metadata
import platform

_PACKAGES = ("timbrel", "tensorflow-cpu", "tensorflow", "keras", "numpy", "soxr", "soundfile")


def describe_environment() -> dict[str, str]:
    """Return the versions of Python and of the packages that are installed, and the machine."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
