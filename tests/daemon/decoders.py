"""What tests of the decoding child share: who runs, programs in its place, and patience."""

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
    """The process ids of the decoding children of this process, or another; zombies too."""
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


def stand_in(folder: Path, code: str) -> Path:
    """A program that does this instead of decoding; `send` and `sound` speak as the child does."""
    file = folder / "decoder.py"
    file.write_text(_FRAME + code)
    return file


def wait_until(happens: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for it; fail when it takes longer."""
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.02)
