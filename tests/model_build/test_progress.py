import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORK = """
import time
from model_build import progress
progress._LINE_SECONDS = {every}
for _ in progress.with_progress(range(4), "clips"):
    time.sleep(0.15)
"""


def test_pipe_gets_lines_at_intervals_and_one_at_the_end() -> None:
    program = [sys.executable, "-c", WORK.format(every=0.1)]
    done = subprocess.run(program, capture_output=True, text=True, check=True, cwd=ROOT)
    lines = done.stderr.splitlines()
    assert "\r" not in done.stderr
    assert all(line.startswith("clips: ") for line in lines)
    assert lines[-1].startswith("clips: 100 %, 4 of 4, 00:00 so far, 00:00 left")
    assert len(lines) >= 2


def test_quick_work_prints_nothing_to_a_pipe() -> None:
    program = [sys.executable, "-c", WORK.format(every=60)]
    done = subprocess.run(program, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stderr == ""


def test_terminal_gets_a_bar_that_is_cleared_at_the_end() -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    program = [sys.executable, "-c", WORK.format(every=60)]
    with subprocess.Popen(program, stderr=theirs, cwd=ROOT):
        os.close(theirs)
        shown = b""
        try:
            while read := os.read(ours, 4096):
                shown += read
        except OSError:  # The last one has closed the terminal.
            os.close(ours)
    assert b"clips:" in shown
    assert b"\r" in shown
    assert b"4/4" not in shown.rpartition(b"\r")[2]
