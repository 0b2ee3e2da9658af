"""Helpers for tests of the decoding child: list the processes, replace the program, wait."""

import os
import time
from collections.abc import Callable
from pathlib import Path

_FRAME = """import os, signal, struct, sys, time
sys.stdin.readline()
def send(kind, body):
    os.write(1, struct.pack("<cI", kind, len(body)) + body)
def sound(seconds):
    send(b"F", struct.pack("<II", 16_000, 1))
    send(b"S", bytes(round(seconds * 16_000) * 4))
"""


def decoders(parent: int | None = None) -> list[int]:
    """Return the process ids of the decoding children of `parent`, including zombies.

    `parent` is this process if None.
    """
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            program = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        is_child = int(fields[1]) == (parent or os.getpid())
        if is_child and (fields[0] == "Z" or b"decoder" in program):
            found.append(int(folder.name))
    return found


def fake_decoder(folder: Path, code: str) -> Path:
    """Write a program that runs `code` instead of decoding; return its path.

    `code` can call `send` and `sound`, which send messages as the decoding child does.
    """
    file = folder / "decoder.py"
    file.write_text(_FRAME + code)
    return file


def wait_until(happens: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until `happens` returns True; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, f"did not happen within {seconds:g} s"
        time.sleep(0.02)
