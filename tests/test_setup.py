"""`script/setup` installs again if the environment may contain packages of another lock."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Replaces the environment's Python, which would download packages.
RECORDER = '#!/bin/sh\ncase "$*" in *--editable*) echo >>installed;; esac\n'


class Tree:
    """A copy of the script with empty locks and a fake environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("script", "requirements", ".venv/bin"):
            (folder / name).mkdir(parents=True)
        shutil.copy(ROOT / "script" / "setup", folder / "script")
        for name in ("pyproject.toml", "requirements.lock", "requirements/demo.lock"):
            (folder / name).touch()
        python = folder / ".venv" / "bin" / "python"
        python.write_text(RECORDER)
        python.chmod(0o755)

    def installs(self, *extras: str) -> bool:
        """Run the script; return whether it installed anything."""
        record = self.folder / "installed"
        record.unlink(missing_ok=True)
        command = [str(self.folder / "script" / "setup"), *extras]
        environment = {**os.environ, "PYTHON": sys.executable}
        subprocess.run(command, check=True, capture_output=True, env=environment)
        return record.exists()

    def lock(self, text: str) -> None:
        (self.folder / "requirements.lock").write_text(text)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "a tree")


def test_installs_once(tree: Tree) -> None:
    assert tree.installs()
    assert tree.installs("demo")
    assert not tree.installs()
    assert not tree.installs("demo")


def test_installs_changed_lock(tree: Tree) -> None:
    assert tree.installs("demo")
    tree.lock("newer")
    assert tree.installs("demo")
    assert not tree.installs("demo")


def test_installs_lock_again_after_another_lock(tree: Tree) -> None:
    assert tree.installs("demo")
    tree.lock("newer")
    assert tree.installs()
    tree.lock("")
    assert tree.installs("demo")
