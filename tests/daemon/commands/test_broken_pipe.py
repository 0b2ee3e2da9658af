"""A closed pipe or a full disk causes no traceback in any command."""

import os
import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path

import pytest

from tests.conftest import MEDLEY, ROOT

COMMANDS = [
    ["--help"],
    ["demo", "--help"],
    ["check", str(ROOT / "configs" / "timbrel.yaml")],
    ["replay", str(MEDLEY)],
    ["replay", "--json", str(MEDLEY)],
    ["demo", "--speed", "max"],
    ["demo", "--speed", "max", "--messages"],
]


def buffering_environment() -> dict[str, str]:
    """Return an environment in which Python buffers its output, as it does for a user."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_closed_pipe_is_no_error(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "daemon", *arguments],
            cwd=ROOT,
            env=buffering_environment(),
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert done.stderr == b""
    assert done.returncode == 0


@pytest.mark.parametrize("arguments", [["--help"], ["demo", "--speed", "max"]], ids=" ".join)
def test_full_disk_is_reported_for_buffered_output(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "daemon", *arguments],
            cwd=ROOT,
            env=buffering_environment(),
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "timbrel: No space left on device\n"


@pytest.mark.skipif(find_library("portaudio") is None, reason="needs libportaudio2")
def test_closed_pipe_is_no_error_for_devices() -> None:
    test_closed_pipe_is_no_error(["devices"])
