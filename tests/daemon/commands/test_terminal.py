"""Output for people: times, bars, one line per event; colours only on a terminal."""

import io
import os
import pty
from typing import TextIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.commands.terminal import LinePrinter, Paint, bar, format_time
from daemon.hearing.scorer import Heard
from daemon.hearing.shown_scores import ShownScores
from daemon.hearing.tracker import EventEnded, EventStarted
from tests.daemon.observations import observed

STARTED = EventStarted("flute", onset=3.5, at=7.0, score=0.876)
ENDED = EventEnded("flute", onset=3.5, at=71.0, score=0.1, ended_at=65.5, peak=0.987)


def make_heard(level_dbfs: float = -35.0, *scores: float) -> Heard:
    return Heard(7.0, level_dbfs, np.array(scores or (0.25, 0.876, 0.0), np.float32))


def make_printer(
    *, windows: bool = False, families: tuple[str, ...] = ("drums", "flute", "organ")
) -> tuple[io.StringIO, LinePrinter]:
    stream = io.StringIO()
    unchanged = ShownScores()
    return stream, LinePrinter(stream, families, unchanged, unchanged if windows else None)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> TextIO:
    """A pseudo-terminal on which colours are on."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    _main, terminal = pty.openpty()
    return os.fdopen(terminal, "w")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0:00.0"),
        (0.04, "0:00.0"),
        (0.06, "0:00.1"),
        (9.96, "0:10.0"),
        (59.94, "0:59.9"),
        (59.96, "1:00.0"),
        (61.5, "1:01.5"),
        (3_599.99, "60:00.0"),
        (36_000.0, "600:00.0"),
    ],
)
def test_format_time(seconds: float, text: str) -> None:
    assert format_time(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "    "),
        (1.0, "████"),
        (0.5, "██  "),
        (1 / 32, "▏   "),
        (0.25 + 4 / 32, "█▌  "),
        (31 / 32, "███▉"),
        (0.999, "████"),
        (-1.0, "    "),
        (7.0, "████"),
    ],
)
def test_bar_has_eighths_of_a_character(share: float, text: str) -> None:
    assert bar(share, 4) == text


@given(share=st.floats(-10, 10), width=st.integers(1, 40))
def test_bar_always_has_its_width(share: float, width: int) -> None:
    assert len(bar(share, width)) == width


def test_started_event_is_one_line() -> None:
    stream, printer = make_printer()
    printer.show_events([STARTED])
    assert stream.getvalue() == "  0:07.0  ▶ flute      score 0.88  since 0:03.5\n"


def test_ended_event_is_one_line_with_duration_and_peak() -> None:
    stream, printer = make_printer()
    printer.show_events([ENDED])
    assert stream.getvalue() == "  1:11.0  ■ flute        62.0 s  peak 0.99\n"


def test_ended_event_shows_its_reason() -> None:
    stream, printer = make_printer()
    printer.show_events([EventEnded("organ", 0.0, 9.0, 0.5, 9.0, 0.5, "deaf")])
    assert stream.getvalue() == "  0:09.0  ■ organ         9.0 s  peak 0.50  (deaf)\n"


def test_window_is_one_line_before_its_events() -> None:
    stream, printer = make_printer(windows=True)
    printer.observe(observed(make_heard(), [STARTED], [STARTED]))
    assert stream.getvalue().splitlines() == [
        (
            "  0:07.0   -35.0 dBFS ████      "
            "flute      ███████  0.88  drums      ██       0.25  organ               0.00"
        ),
        "  0:07.0  ▶ flute      score 0.88  since 0:03.5",
    ]


@pytest.mark.parametrize("level_dbfs", [-120.0, 0.0, -6.0206, -70.0])
def test_window_lines_have_equal_length(level_dbfs: float) -> None:
    stream, printer = make_printer(windows=True)
    printer.observe(observed(make_heard(), [], []))
    printer.observe(observed(make_heard(level_dbfs, 1.0, 0.5, 0.0), [], []))
    one, other = stream.getvalue().splitlines()
    assert len(one) == len(other)


def test_windows_are_hidden_by_default() -> None:
    stream, printer = make_printer(windows=False)
    printer.observe(observed(make_heard(), [STARTED], []))
    assert stream.getvalue() == ""


def test_window_of_model_with_one_family_is_shown() -> None:
    stream, printer = make_printer(windows=True, families=("flute",))
    printer.observe(observed(make_heard(-35.0, 0.5), [], []))
    assert stream.getvalue() == "  0:07.0   -35.0 dBFS ████      flute      ████     0.50\n"


def test_pipe_gets_no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    reading, writing = os.pipe()
    with os.fdopen(reading) as received, os.fdopen(writing, "w") as pipe:
        LinePrinter(pipe, ("drums", "flute", "organ"), ShownScores(), ShownScores()).observe(
            observed(make_heard(), [STARTED], [ENDED])
        )
        pipe.close()
        assert "\033" not in received.read()


def test_terminal_gets_colours(terminal: TextIO) -> None:
    with terminal:
        paint = Paint(terminal)
        assert paint.green("a") == "\033[1;32ma\033[0m"
        assert paint.yellow("b") == "\033[33mb\033[0m"
        assert paint.dim("c") == "\033[2mc\033[0m"


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_environment_turns_colours_off(
    variable: str, value: str, terminal: TextIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with terminal:
        assert Paint(terminal).green("a") == "a"
