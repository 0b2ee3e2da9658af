"""The help of `timbrel`, its version, and wrong arguments."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from daemon import __version__
from daemon.commands.help_texts import HELP
from daemon.hearing.classifier import BUILT_IN_MODEL
from daemon.hearing.model_file import read_contract
from daemon.system import installation
from tests.conftest import MEDLEY, Timbrel


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "nan", "inf"])
def test_replay_rejects_invalid_speed(speed: str, timbrel: Timbrel) -> None:
    done = timbrel("replay", f"--speed={speed}", MEDLEY)
    assert done.returncode == 2
    assert f"'{speed}'" in done.stderr


def test_help_lists_every_command(timbrel: Timbrel) -> None:
    done = timbrel("--help")
    assert done.returncode == 0
    for command in ("run", "replay", "check", "devices", "demo", "bench", "install-service"):
        assert command in done.stdout
        assert timbrel(command, "--help").returncode == 0


def test_missing_command_prints_help_and_exits_with_2(timbrel: Timbrel) -> None:
    done = timbrel()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == timbrel("--help").stdout
    assert "exit codes: 0 success, 1 runtime failure, 2 invalid input" in done.stderr


def test_version_shows_program_python_and_model(timbrel: Timbrel) -> None:
    done = timbrel("--version")
    assert (done.returncode, done.stderr) == (0, "")
    python = ".".join(map(str, sys.version_info[:3]))
    model = read_contract(BUILT_IN_MODEL).title
    assert done.stdout == f"timbrel {__version__} (Python {python}, model {model})\n"


def test_help_examples_can_be_pasted(timbrel: Timbrel, tmp_path: Path) -> None:
    without = timbrel("--help", env={**os.environ, "PATH": "/usr/bin:/bin"}).stdout
    shown = re.search(r"^  (.*) demo$", without, re.MULTILINE)
    assert shown
    # The path of the test environment may contain a space.
    assert Path(shlex.split(shown[1])[0]).exists()
    assert subprocess.run([*shlex.split(shown[1]), "--version"], check=True).returncode == 0
    (tmp_path / "timbrel").symlink_to(installation.program(of_user=True))
    path = f"{tmp_path}:/usr/bin:/bin"
    assert "\n  timbrel demo\n" in timbrel("--help", env={**os.environ, "PATH": path}).stdout


@pytest.mark.parametrize("name", sorted(HELP))
def test_help_of_command_has_examples_and_fits_80_columns(name: str) -> None:
    text = HELP[name]
    assert f"TIMBREL {name}" in text.examples
    lines = f"{text.description}\n{text.examples.replace('TIMBREL', 'timbrel')}".splitlines()
    assert max(map(len, lines)) < 80
