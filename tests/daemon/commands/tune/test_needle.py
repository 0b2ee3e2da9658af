import io
import json

import pytest

from daemon.commands.terminal import Paint
from daemon.commands.tune.needle import JsonReadings, LinesOfNotes, describe, needle
from daemon.practice.pitch.readings import Reading

SHARP = Reading(1.2, 445.0, 69, 19.6)
SILENT = Reading(1.3, None, None, None)


@pytest.mark.parametrize(
    ("cents", "drawn"),
    [
        (0.0, "─────●─────"),
        (-50.0, "●────┼─────"),
        (50.0, "─────┼────●"),
        (20.0, "─────┼─●───"),
        (None, "─────┼─────"),
    ],
)
def test_needle_points_at_the_cents(cents: float | None, drawn: str) -> None:
    assert needle(cents, 11) == drawn


@pytest.mark.parametrize(
    ("cents", "colour"), [(5.0, "1;32"), (-5.0, "1;32"), (5.1, "33"), (15.0, "33"), (-15.1, "31")]
)
def test_colour_tells_how_far_it_is_off(
    cents: float, colour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    line = describe(Reading(1.0, 440.0, 69, cents), Paint(io.StringIO()))
    assert line.startswith(f"\033[{colour}m")


def test_lines_leave_out_silence() -> None:
    output = io.StringIO()
    lines = LinesOfNotes(output)
    for reading in (SILENT, SHARP, SILENT):
        lines.show(reading)
    lines.end()
    assert output.getvalue().splitlines() == [
        f"  0:01.2  A4    +19.6 cents  {needle(19.6, 37)}    445.0 Hz"
    ]


def test_silence_alone_is_reported() -> None:
    output = io.StringIO()
    lines = LinesOfNotes(output)
    lines.show(SILENT)
    lines.end()
    assert output.getvalue() == "          no note\n"


def test_json_has_every_reading() -> None:
    output = io.StringIO()
    printer = JsonReadings(output)
    for reading in (SHARP, SILENT, Reading(1.4, 439.999, 69, -0.01)):
        printer.show(reading)
    printer.end()
    sharp, silent, exact = output.getvalue().splitlines()
    assert json.loads(sharp) == {"at": 1.2, "note": "A4", "midi": 69, "cents": 19.6, "hz": 445.0}
    assert json.loads(silent) == {"at": 1.3, "note": None, "midi": None, "cents": None, "hz": None}
    assert '"cents": 0.0' in exact
