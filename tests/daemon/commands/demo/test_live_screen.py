"""The demo on a pseudo-terminal: one screen, and the terminal is always restored."""

import re
import signal
import subprocess

import pytest

pytest.importorskip("rich", reason="needs the demo extra")

from tests.daemon.pseudo_terminal import ENTER, PseudoTerminal, on_terminal

DEMO = ("-m", "daemon", "demo", "--quiet")
# The screen alone; a test adds the body of the last `with`.
SCREEN = """
import logging, time
from rich.text import Text
from daemon.commands.demo.record import Record
from daemon.commands.demo.live_screen import LiveScreen
from daemon.system.stop import stop_on_signals
from daemon.__main__ import main
record = Record(keeps_all=False, write_time=str)
def draw(width, height, *, messages, keys):
    note = "" if record.log_line is None else record.log_line.text
    return [Text(f"{width} x {height} messages {messages} keys {keys} {note}")]
with stop_on_signals() as stop, LiveScreen(draw, record, stop, messages=False):
"""


def wait_for_start(terminal: PseudoTerminal) -> None:
    terminal.wait_for_frame("level")


def test_redraws_one_screen_until_q() -> None:
    with on_terminal(*DEMO) as terminal:
        wait_for_start(terminal)
        terminal.wait_for_frame("heard   ▶ guitar")  # The first window of 4 s is complete.
        frame = terminal.frame
        assert len(frame.splitlines()) == 24
        assert "acoustic guitar (nylon) (guitar)" in frame
        assert "guitar     ████" in frame
        assert "m messages   q quit" in frame
        assert "{" not in frame
        terminal.press("m")
        terminal.wait_for_frame("→ timbrel/demo/")
        terminal.press("m")
        terminal.wait_for(lambda: "MQTT" not in terminal.frame)
        terminal.press("q")
        assert terminal.end() == 0
        terminal.assert_restored()
        assert "Traceback" not in terminal.text
        assert terminal.output.count(ENTER) == 1


def test_verdicts_stay_on_the_ordinary_screen() -> None:
    with on_terminal(*DEMO, "--speed", "max") as terminal:
        assert terminal.end() == 0
        terminal.assert_restored()
        after = terminal.output.rpartition(b"\x1b[?1049l")[2].decode()
        assert "9 of 10 passages of music recognized" in after
        assert "keyboard not heard" in after


def test_resized_terminal_is_redrawn_at_its_new_size() -> None:
    with on_terminal(*DEMO, "--messages") as terminal:
        wait_for_start(terminal)
        terminal.resize(120, 40)
        terminal.wait_for_frame("the medley")
        assert len(terminal.frame.splitlines()) == 40
        terminal.resize(20, 4)
        terminal.wait_for(lambda: len(terminal.frame.splitlines()) == 4)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_demo_and_restores_terminal(number: int) -> None:
    with on_terminal(*DEMO) as terminal:
        wait_for_start(terminal)
        assert terminal.modes != terminal.modes_before
        terminal.process.send_signal(number)
        assert terminal.end() == 0
        terminal.assert_restored()
        assert "Traceback" not in terminal.text


def test_ctrl_c_ends_demo() -> None:
    with on_terminal(*DEMO) as terminal:
        wait_for_start(terminal)
        terminal.press("\x03")
        assert terminal.end() == 0
        terminal.assert_restored()


def test_ctrl_z_and_ctrl_s_do_nothing() -> None:
    with on_terminal(*DEMO) as terminal:
        wait_for_start(terminal)
        terminal.press("\x1a\x13\x1c")
        terminal.press("m")
        terminal.wait_for_frame("MQTT")
        terminal.press("q")
        assert terminal.end() == 0
        terminal.assert_restored()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_second_signal_kills_demo_and_restores_terminal(number: int) -> None:
    body = "    time.sleep(60)\n    time.sleep(60)\n"
    with on_terminal(
        "-c", f"{SCREEN}    [time.sleep(0.1) for _ in range(600)]\n{body}"
    ) as terminal:
        terminal.wait_for_frame("keys True")
        terminal.process.send_signal(number)
        with pytest.raises(subprocess.TimeoutExpired):
            terminal.process.wait(1)
        terminal.process.send_signal(number)
        assert terminal.end(5) == -number
        terminal.assert_restored()


def test_exception_restores_terminal_and_is_readable() -> None:
    with on_terminal(
        "-c", f"{SCREEN}    time.sleep(0.5)\n    raise RuntimeError('a bug')"
    ) as terminal:
        assert terminal.end() == 1
        terminal.assert_restored()
        # Python 3.13 prints tracebacks in colours.
        afterwards = re.sub(rb"\x1b\[[\d;]*m", b"", terminal.output.rpartition(b"\x1b[?1049l")[2])
        assert b"RuntimeError: a bug" in afterwards


def test_log_lines_go_to_screen_and_warnings_to_log_afterwards() -> None:
    body = (
        "    log = logging.getLogger('daemon.x')\n"
        "    log.info('connected again')\n    time.sleep(0.7)\n"
        "    log.error('the broker is \\x1b[2Jgone')\n    time.sleep(0.7)\n"
    )
    setup = "import logging; logging.basicConfig(format='timbrel: %(message)s')\n"
    with on_terminal("-c", f"{setup}{SCREEN}{body}") as terminal:
        terminal.wait_for_frame("connected again")
        terminal.wait_for_frame(r"the broker is \x1b[2Jgone")
        assert terminal.end() == 0
        before, _, after = terminal.output.rpartition(b"\x1b[?1049l")
        assert b"timbrel: " not in before
        assert b"timbrel: the broker is" in after
        assert b"connected" not in after


def test_keys_are_off_without_keyboard() -> None:
    with on_terminal(*DEMO, stdin=subprocess.DEVNULL) as terminal:
        terminal.wait_for_frame("Ctrl-C ends")
        assert "q quit" not in terminal.frame
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 0
        terminal.assert_restored()


def colours(output: bytes) -> set[bytes]:
    codes = {
        c for sequence in re.findall(rb"\x1b\[([0-9;]*)m", output) for c in sequence.split(b";")
    }
    return {code for code in codes if re.fullmatch(rb"[34]\d|9\d|10\d", code)}


def test_no_color_turns_colours_off() -> None:
    with on_terminal(*DEMO) as terminal:
        wait_for_start(terminal)
        assert colours(terminal.output)
    with on_terminal(*DEMO, env={"NO_COLOR": "1"}) as terminal:
        wait_for_start(terminal)
        assert not colours(terminal.output)


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"PYTHONIOENCODING": "ascii"}])
def test_terminal_that_cannot_redraw_gets_lines(environment: dict[str, str]) -> None:
    with on_terminal(*DEMO, "--speed", "max", env=environment) as terminal:
        assert terminal.end() == 0
        assert ENTER not in terminal.output
        assert "9 of 10 passages of music recognized" in terminal.text
        assert terminal.modes == terminal.modes_before


def test_terminal_gets_lines_without_rich() -> None:
    # Hide rich from the import system, as if it were not installed.
    hidden = (
        "import sys, importlib.util as u; found = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'rich' else found(name, *a)\n"
        "from daemon.__main__ import main; sys.exit(main(['demo', '--speed', 'max']))"
    )
    with on_terminal("-c", hidden) as terminal:
        assert terminal.end() == 0
        assert ENTER not in terminal.output
        assert "9 of 10 passages of music recognized" in terminal.text
