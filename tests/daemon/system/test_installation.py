"""Shell commands that work wherever this Timbrel is installed."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.errors import InputError
from daemon.system import installation


def test_command_has_the_full_path_if_the_program_is_not_on_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    words = shlex.split(installation.command("check", "a b.yaml"))
    assert words == [str(installation.program(of_user=True)), "check", "a b.yaml"]
    assert subprocess.run([words[0], "--version"], check=False).returncode == 0


def test_command_has_only_the_name_if_the_program_is_on_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "timbrel").symlink_to(installation.program(of_user=True))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert installation.command("run") == "timbrel run"
    (tmp_path / "timbrel").unlink()
    (tmp_path / "timbrel").write_text("#!/bin/sh\n")
    (tmp_path / "timbrel").chmod(0o755)
    assert installation.command("run") != "timbrel run"


def test_sudo_command_has_the_full_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "timbrel").symlink_to(installation.program(of_user=True))
    monkeypatch.setenv("PATH", str(tmp_path))
    words = shlex.split(installation.command("reset", as_root=True))
    assert words == ["sudo", str(installation.program(of_user=True)), "reset"]


def test_command_runs_the_package_if_there_is_no_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none(*, of_user: bool) -> Path:
        raise InputError(f"none, {of_user}")

    monkeypatch.setattr(installation, "program", none)
    words = shlex.split(installation.command("run"))
    assert words == [sys.executable, "-m", "daemon", "run"]


def test_pip_install_uses_this_environment() -> None:
    words = shlex.split(installation.pip_install("av>=14"))
    assert words == [sys.executable, "-m", "pip", "install", "av>=14"]
