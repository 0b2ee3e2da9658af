import shutil
import subprocess
from pathlib import Path

import pytest

from model_build.lab.run.provenance import git_state, versions


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_state_tells_if_files_changed(tmp_path: Path) -> None:
    assert git_state(tmp_path) is None
    git(tmp_path, "init", "--quiet")
    (tmp_path / "a.yaml").write_text("a: 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "Add a")
    clean = git_state(tmp_path)
    assert clean is not None
    assert len(clean.commit) == 40
    assert not clean.is_changed
    (tmp_path / "a.yaml").write_text("a: 2\n")
    changed = git_state(tmp_path)
    assert changed is not None
    assert (changed.commit, changed.is_changed) == (clean.commit, True)


def test_versions_name_what_decides_the_figures() -> None:
    assert {"python", "machine", "timbrel", "numpy", "scikit-learn", "keras"} <= set(versions())
