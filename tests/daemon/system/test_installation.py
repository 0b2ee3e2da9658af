"""Commands as a user can paste them, wherever this Timbrel is installed."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.errors import InputError
from daemon.system import installation


def test_a_program_that_is_not_on_path_is_shown_with_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    words = shlex.split(installation.command("check", "a b.yaml"))
    assert words == [str(installation.program(of_user=True)), "check", "a b.yaml"]
    assert subprocess.run([words[0], "--version"], check=False).returncode == 0


def test_a_program_on_path_is_shown_by_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "timbrel").symlink_to(installation.program(of_user=True))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert installation.command("run") == "timbrel run"
    (tmp_path / "timbrel").unlink()
    (tmp_path / "timbrel").write_text("#!/bin/sh\n")
    (tmp_path / "timbrel").chmod(0o755)
    assert installation.command("run") != "timbrel run"


def test_sudo_gets_a_path_that_it_finds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "timbrel").symlink_to(installation.program(of_user=True))
    monkeypatch.setenv("PATH", str(tmp_path))
    words = shlex.split(installation.command("reset", as_root=True))
    assert words == ["sudo", str(installation.program(of_user=True)), "reset"]


def test_without_a_program_the_interpreter_runs_the_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none(*, of_user: bool) -> Path:
        raise InputError(f"none, {of_user}")

    monkeypatch.setattr(installation, "program", none)
    words = shlex.split(installation.command("run"))
    assert words == [sys.executable, "-m", "daemon", "run"]


def test_packages_go_into_this_environment() -> None:
    words = shlex.split(installation.pip_install("av>=14"))
    assert words == [sys.executable, "-m", "pip", "install", "av>=14"]
