"""Foreign text cannot control the terminal."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.system.log_lines import TextLines
from daemon.system.printable import printable, printable_bytes
from tests.conftest import MEDLEY, ROOT, Timbrel

ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("piano, Flügel, 钢琴 🎹 ♪", "piano, Flügel, 钢琴 🎹 ♪"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\x9b31m", r"\x9b31m"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\x7f\x00", r"\x7f\x00"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\udcff", r"\udcff"),
    ],
)
def test_control_characters_are_escaped(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_bytes_that_are_not_utf8_are_escaped() -> None:
    assert printable_bytes(b"caf\xc3\xa9 \xff\x1b") == r"café \xff\x1b"


@given(st.text())
def test_result_is_printable_for_any_text(text: str) -> None:
    assert printable(text).isprintable()


@given(st.binary())
def test_result_is_printable_for_any_bytes(data: bytes) -> None:
    assert printable_bytes(data).isprintable()


def test_log_line_is_escaped_but_keeps_its_line_breaks() -> None:
    record = logging.LogRecord("daemon", logging.ERROR, "", 0, "%s\nb", (ESCAPES,), None)
    assert TextLines().format(record) == "timbrel: \\x1b]0;owned\\x07\\x1b[2J\\x9b\nb"


def test_file_names_are_escaped(tmp_path: Path, timbrel: Timbrel) -> None:
    named = tmp_path / f"medley{ESCAPES}.opus"
    named.write_bytes(MEDLEY.read_bytes())
    done = timbrel("replay", named, tmp_path / f"absent{ESCAPES}.wav")
    assert done.returncode == 2
    assert r"medley\x1b]0;owned\x07\x1b[2J\x9b.opus" in done.stdout
    assert r"absent\x1b]0;owned\x07\x1b[2J\x9b.wav: no such file" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert "\x9b" not in done.stdout + done.stderr


def test_device_names_are_escaped(tmp_path: Path) -> None:
    device = {
        "name": f"Mic{ESCAPES}",
        "hostapi": 0,
        "max_input_channels": 1,
        "default_samplerate": 16_000.0,
    }
    # A real sound card cannot be given such a name, so a fake library reports one.
    (tmp_path / "sounddevice.py").write_text(
        f"def query_devices(): return [{device!r}]\n"
        "def query_hostapis(index): return {'name': 'ALSA'}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "daemon", "devices"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert r"Mic\x1b]0;owned\x07\x1b[2J\x9b  (ALSA" in done.stdout
    assert "\x1b" not in done.stdout
