"""The locks contain every dependency in pyproject.toml, with hashes, for every Python."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUN = [*map(Requirement, PROJECT["project"]["dependencies"])]
ADDITIONS = {
    name: [*map(Requirement, requirements)]
    for name, requirements in (
        PROJECT["project"]["optional-dependencies"] | PROJECT["dependency-groups"]
    ).items()
}
"""The requirements of each extra and each dependency group."""
LOCKS = [ROOT / "requirements.lock", *sorted((ROOT / "requirements").glob("*.lock"))]


class Target(NamedTuple):
    """A kind of machine that installs from the locks."""

    python: str
    machine: str

    def matches(self, requirement: Requirement) -> bool:
        """Return whether the requirement applies to this machine."""
        if requirement.marker is None:
            return True
        version = {"python_version": self.python, "python_full_version": f"{self.python}.2"}
        linux = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
        return requirement.marker.evaluate({**linux, **version, "platform_machine": self.machine})


TARGETS = [Target(*each) for each in product(("3.11", "3.12", "3.13"), ("x86_64", "aarch64"))]
PI_32_BIT = [Target("3.11", machine) for machine in ("armv7l", "armv8l")]
HERE = Target(default_environment()["python_version"], default_environment()["platform_machine"])


@cache
def pins(name: str) -> list[Requirement]:
    """Return the pinned requirements of a lock; the name of `requirements.lock` is empty."""
    path = ROOT / "requirements" / f"{name}.lock" if name else ROOT / "requirements.lock"
    lines = re.findall(r"^([a-z].*?)(?: \\)?$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return [*map(Requirement, lines)]


def versions(target: Target, *names: str) -> dict[str, set[str]]:
    """Return the versions of each package that these locks install on the target."""
    found: dict[str, set[str]] = {}
    for pin in (pin for name in names for pin in pins(name) if target.matches(pin)):
        (specifier,) = pin.specifier
        assert specifier.operator == "=="
        found.setdefault(canonicalize_name(pin.name), set()).add(specifier.version)
    return found


def assert_covered(requirements: Iterable[Requirement], target: Target, *names: str) -> None:
    locked = versions(target, *names)
    for wanted in filter(target.matches, requirements):
        (version,) = locked[canonicalize_name(wanted.name)]
        assert wanted.specifier.contains(version), wanted


@pytest.mark.parametrize("target", [*TARGETS, *PI_32_BIT], ids="-".join)
def test_locks_contain_all_runtime_dependencies(target: Target) -> None:
    assert_covered(RUN, target, "")


@pytest.mark.parametrize("target", TARGETS, ids="-".join)
@pytest.mark.parametrize("name", ADDITIONS)
def test_locks_contain_every_extra_and_group(name: str, target: Target) -> None:
    assert_covered(ADDITIONS[name], target, "", name)


@pytest.mark.parametrize("target", PI_32_BIT, ids="-".join)
@pytest.mark.parametrize("name", ["demo", "media", "metrics", "practice", "web"])
def test_locks_contain_the_extras_for_a_32_bit_pi(name: str, target: Target) -> None:
    assert_covered(ADDITIONS[name], target, "", name)


def test_every_lock_belongs_to_an_extra_or_a_group() -> None:
    assert {path.stem for path in LOCKS} == {"requirements", *ADDITIONS}


def test_locks_contain_the_build_backend() -> None:
    backend = [*map(Requirement, PROJECT["build-system"]["requires"])]
    for target in TARGETS:
        assert_covered(backend, target, "tools")


@pytest.mark.parametrize("target", TARGETS, ids="-".join)
def test_locks_agree_on_every_version(target: Target) -> None:
    everything = versions(target, "", *ADDITIONS)
    assert not {name: found for name, found in everything.items() if len(found) > 1}


def required_packages(
    requirements: Iterable[Requirement], locked: dict[str, set[str]]
) -> Iterator[str]:
    """Yield the names of the requirements and of their installed dependencies."""
    waiting, seen = [(each, "") for each in requirements], set[tuple[str, str]]()
    while waiting:
        wanted, extra = waiting.pop()
        if wanted.marker and not wanted.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(wanted.name)
        yield name
        for one in {"", *wanted.extras}:
            if (name, one) in seen or metadata.version(name) not in locked.get(name, ()):
                continue
            seen.add((name, one))
            waiting += [(Requirement(each), one) for each in metadata.requires(name) or ()]


@pytest.mark.parametrize("name", ["", *ADDITIONS])
def test_locks_contain_all_indirect_dependencies(name: str) -> None:
    locked = versions(HERE, "", name)
    wanted = {*required_packages([*RUN, *ADDITIONS.get(name, ())], locked)}
    assert len(wanted) >= len(RUN)
    assert wanted <= locked.keys()


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_pin_has_hashes(path: Path) -> None:
    entries = re.split(r"^(?=[a-z])", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert entries
    for entry in entries:
        assert re.search(r" \\\n    --hash=sha256:[0-9a-f]{64}", entry), entry


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_no_lock_names_a_registry(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"://|--(extra-)?index|--find-links|--trusted-host", text)


@pytest.mark.parametrize(
    "path",
    [
        *(ROOT / "script").iterdir(),
        *(ROOT / ".ci").iterdir(),
        ROOT / "Dockerfile",
        ROOT / "home-assistant-addon" / "Dockerfile",
        ROOT / "pyproject.toml",
    ],
    ids=lambda path: path.name,
)
def test_no_script_names_a_registry(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if "://" in line and not line.lstrip().startswith("#")]
