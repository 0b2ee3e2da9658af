"""requirements.lock answers pyproject.toml: every dependency, at a release that it allows."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINS = [Requirement(line) for line in re.findall(r"^([a-z].*?)(?: \\)?$", LOCK, re.MULTILINE)]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize("wanted", [*map(Requirement, PROJECT["dependencies"])], ids=str)
def test_every_dependency_is_pinned_to_a_release_that_is_allowed(wanted: Requirement) -> None:
    versions = [
        specifier.version
        for pin in PINS
        if pin.name == wanted.name and str(pin.specifier).startswith("==")
        for specifier in pin.specifier
    ]
    assert any(wanted.specifier.contains(version) for version in versions), versions


def test_every_pin_has_hashes() -> None:
    pins = re.split(r"^(?=[a-z])", LOCK, flags=re.MULTILINE)[1:]
    assert len(pins) == len(PINS) > 10
    assert all("--hash=sha256:" in pin for pin in pins)
