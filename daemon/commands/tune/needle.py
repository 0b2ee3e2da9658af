"""Readings as text: a note, its cents and a needle; redrawn in place, a line each, or as JSON."""

import json
import os
from typing import Protocol, TextIO

from daemon.commands.terminal import Paint, format_time
from daemon.practice.pitch.readings import Reading

IN_TUNE_CENTS = 5.0
NEARLY_IN_TUNE_CENTS = 15.0

_NEEDLE_WIDTH = 37
_LEAST_NEEDLE_WIDTH = 11
_TEXT_WIDTH = 34
_RED = "31"


class ReadingPrinter(Protocol):
    """Prints readings."""

    def show(self, reading: Reading) -> None:
        """Print one reading."""

    def end(self) -> None:
        """Print what remains to be printed after the last reading."""


def needle(cents: float | None, width: int) -> str:
    """Return a scale from -50 to 50 cents, `width` characters wide, with a mark at `cents`.

    An odd width has the middle of the scale in its middle. None: no mark.
    """
    scale = ["─"] * width
    scale[width // 2] = "┼"
    if cents is not None:
        scale[round((cents / 100.0 + 0.5) * (width - 1))] = "●"
    return "".join(scale)


def describe(reading: Reading, paint: Paint, width: int = _NEEDLE_WIDTH) -> str:
    """Return a reading as one line: note, cents, needle and hertz; dim without a note."""
    if reading.hz is None or reading.cents is None:
        return paint.dim(f"{'-':4} {'':13} {needle(None, width)}")
    text = f"{reading.note:4} {reading.cents:+6.1f} cents  {needle(reading.cents, width)}"
    text = f"{text}  {reading.hz:7.1f} Hz"
    off = abs(reading.cents)
    if off <= IN_TUNE_CENTS:
        return paint.green(text)
    return paint.yellow(text) if off <= NEARLY_IN_TUNE_CENTS else paint(text, _RED)


class LinesOfNotes:
    """Prints one line for each reading with a note."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._paint = Paint(stream)
        self._is_silent = True

    def show(self, reading: Reading) -> None:
        """Print the reading if it has a note."""
        if reading.hz is not None:
            self._is_silent = False
            line = f"{format_time(reading.at):>8}  {describe(reading, self._paint)}"
            print(line, file=self._stream, flush=True)

    def end(self) -> None:
        """Print a line if there was no note."""
        if self._is_silent:
            print("          no note", file=self._stream, flush=True)


class LiveNeedle:
    """Redraws one line of a terminal for every reading."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._paint = Paint(stream)

    def show(self, reading: Reading) -> None:
        """Replace the line by this reading."""
        columns = os.get_terminal_size(self._stream.fileno()).columns
        width = max(_LEAST_NEEDLE_WIDTH, min(_NEEDLE_WIDTH, columns - _TEXT_WIDTH))
        line = describe(reading, self._paint, width - (width + 1) % 2)
        print(f"\r{line}\033[K", end="", file=self._stream, flush=True)

    def end(self) -> None:
        """Move to the next line."""
        print(file=self._stream, flush=True)


class JsonReadings:
    """Prints one JSON object for each reading, also where no note sounds."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def show(self, reading: Reading) -> None:
        """Print the reading; without a note, its fields are null."""
        fields = {
            "at": round(reading.at, 1),
            "note": reading.note,
            "midi": reading.midi,
            # Adding 0 turns -0.0 into 0.0.
            "cents": None if reading.cents is None else round(reading.cents, 1) + 0.0,
            "hz": None if reading.hz is None else round(reading.hz, 2),
        }
        print(json.dumps(fields), file=self._stream, flush=True)

    def end(self) -> None:
        """Print nothing: standard output holds only JSON."""
