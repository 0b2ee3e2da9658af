"""Output for people: times, bars and events; coloured on a terminal, plain in a pipe."""

import os
from collections.abc import Sequence
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.pipeline import Observation
from daemon.hearing.scorer import Heard
from daemon.hearing.shown_scores import ShownScores
from daemon.hearing.tracker import Event, EventEnded
from daemon.system.printable import printable

_BLOCKS = " ▏▎▍▌▋▊▉█"
_FAMILY_WIDTH = 10
_QUIETEST_DBFS = -70.0


class Paint:
    """Colours text if `stream` is a terminal that supports it; follows NO_COLOR and FORCE_COLOR."""

    def __init__(self, stream: TextIO) -> None:
        wanted = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._on = "NO_COLOR" not in os.environ and (wanted or "FORCE_COLOR" in os.environ)

    def __call__(self, text: str, code: str) -> str:
        """Return the text in the ANSI colour `code`, or unchanged if colours are off."""
        return f"\033[{code}m{text}\033[0m" if self._on else text

    def green(self, text: str) -> str:
        """Paint the start of an event, or a success."""
        return self(text, "1;32")

    def yellow(self, text: str) -> str:
        """Paint the end of an event, or a failure."""
        return self(text, "33")

    def dim(self, text: str) -> str:
        """Paint text of less importance."""
        return self(text, "2")


def can_redraw(stream: TextIO) -> bool:
    """Return whether the stream is a terminal that can redraw its screen and show bars."""
    return (
        stream.isatty()
        and os.environ.get("TERM", "dumb") not in {"dumb", "unknown"}
        and (stream.encoding or "").lower().startswith("utf")
    )


def format_time(seconds: float) -> str:
    """Return seconds of sound as minutes and seconds: m:ss.s."""
    tenths = round(seconds * 10)
    return f"{tenths // 600}:{tenths // 10 % 60:02}.{tenths % 10}"


def bar(share: float, width: int) -> str:
    """Return a horizontal bar that fills `share` (0..1) of `width` characters.

    Its resolution is an eighth of a character.
    """
    eighths = round(min(1.0, max(0.0, share)) * width * 8)
    whole, part = divmod(eighths, 8)
    return (_BLOCKS[8] * whole + _BLOCKS[part] * (part > 0)).ljust(width)


class LinePrinter:
    """Prints one line for each event and, with `windows`, one for each window.

    `events` and `windows` map the scores of each.
    """

    def __init__(
        self,
        stream: TextIO,
        families: Sequence[str],
        events: ShownScores,
        windows: ShownScores | None,
    ) -> None:
        self._stream = stream
        self._families = [printable(family) for family in families]
        self._shown = events
        self._windows = windows
        self._events_shown = 0
        self._paint = Paint(stream)

    def print_line(self, text: str) -> None:
        """Print one line and flush it."""
        print(text, file=self._stream, flush=True)

    def observe(self, observation: Observation) -> None:
        """Print the window of an observation, if windows are printed, and its events."""
        if self._windows is not None:
            playing = {printable(event.family) for event in observation.playing}
            scores = self._windows.all(observation.heard.scores)
            self._print_window(observation.heard, scores, playing)
        self.show_events(observation.events)

    def show_events(self, events: Sequence[Event]) -> None:
        """Print one line for each event."""
        self._events_shown += len(events)
        for event in events:
            family = printable(event.family).ljust(_FAMILY_WIDTH)
            if isinstance(event, EventEnded):
                peak = self._shown.of(event.family, event.peak)
                text = f"■ {family} {event.duration_seconds:6.1f} s  peak {peak:.2f}"
                text += f"  ({printable(event.reason)})" if event.reason else ""
                line = self._paint.yellow(text)
            else:
                score = self._shown.of(event.family, event.score)
                text = f"▶ {family} score {score:.2f}  since {format_time(event.onset)}"
                line = self._paint.green(text)
            self.print_line(f"{format_time(event.at):>8}  {line}")

    def end(self, too_short: str | None = None) -> None:
        """Print a line if there was no event; `too_short` is the reason if the sound was short."""
        if self._windows is None and not self._events_shown:
            reason = "" if too_short is None else f": {too_short}"
            self.print_line(f"          no event{reason}; --scores shows the scores of each window")

    def _print_window(
        self, heard: Heard, all_scores: NDArray[np.float64], playing: set[str]
    ) -> None:
        loudness = 1.0 - heard.level_dbfs / _QUIETEST_DBFS
        level = f"{heard.level_dbfs:6.1f} dBFS {bar(loudness, 8)}"
        scores = []
        for index in np.argsort(-all_scores)[:3]:
            family, score = self._families[index], float(all_scores[index])
            text = f"{family.ljust(_FAMILY_WIDTH)} {bar(score, 8)} {score:.2f}"
            scores.append(self._paint.green(text) if family in playing else self._paint.dim(text))
        self.print_line(f"{format_time(heard.ended_at):>8}  {level}  {'  '.join(scores)}")
