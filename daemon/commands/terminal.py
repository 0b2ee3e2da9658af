"""What a person reads on a terminal: times, bars, events; colour there, plain text in a pipe."""

import os
from collections.abc import Sequence
from typing import TextIO

import numpy as np

from daemon.hearing.pipeline import Observation
from daemon.hearing.scorer import Heard
from daemon.hearing.tracker import Event, EventEnded
from daemon.system.printable import printable

_BLOCKS = " ▏▎▍▌▋▊▉█"
_FAMILY_WIDTH = 10
_QUIETEST_DBFS = -70.0


class Paint:
    """Wraps text in terminal colours where `stream` is a terminal that wants them."""

    def __init__(self, stream: TextIO) -> None:
        wanted = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._on = "NO_COLOR" not in os.environ and (wanted or "FORCE_COLOR" in os.environ)

    def __call__(self, text: str, code: str) -> str:
        """Wrap text in an ANSI colour code, or return it as it is."""
        return f"\033[{code}m{text}\033[0m" if self._on else text

    def green(self, text: str) -> str:
        """What starts."""
        return self(text, "1;32")

    def yellow(self, text: str) -> str:
        """What ends."""
        return self(text, "33")

    def dim(self, text: str) -> str:
        """What stays in the background."""
        return self(text, "2")


def can_redraw(stream: TextIO) -> bool:
    """Whether the stream is a terminal that can redraw a screen and knows bars."""
    return (
        stream.isatty()
        and os.environ.get("TERM", "dumb") not in {"dumb", "unknown"}
        and (stream.encoding or "").lower().startswith("utf")
    )


def clock(seconds: float) -> str:
    """Seconds of sound as m:ss.s."""
    tenths = round(seconds * 10)
    return f"{tenths // 600}:{tenths // 10 % 60:02}.{tenths % 10}"


def bar(share: float, width: int) -> str:
    """A share 0..1 as a bar of `width` characters, in eighths of one."""
    eighths = round(min(1.0, max(0.0, share)) * width * 8)
    whole, part = divmod(eighths, 8)
    return (_BLOCKS[8] * whole + _BLOCKS[part] * (part > 0)).ljust(width)


class Screen:
    """Prints windows, where wanted, and events, one line each."""

    def __init__(self, stream: TextIO, families: Sequence[str], *, windows: bool) -> None:
        self._stream = stream
        self._families = [printable(family) for family in families]
        self._windows = windows
        self._events_shown = 0
        self._paint = Paint(stream)

    def say(self, text: str) -> None:
        """Print one line now."""
        print(text, file=self._stream, flush=True)

    def observe(self, observation: Observation) -> None:
        """One window's results, as the listener gives them."""
        if self._windows:
            playing = {printable(event.family) for event in observation.playing}
            self._show_window(observation.heard, playing)
        self.show_events(observation.events)

    def show_events(self, events: Sequence[Event]) -> None:
        """One line an event."""
        self._events_shown += len(events)
        for event in events:
            family = printable(event.family).ljust(_FAMILY_WIDTH)
            if isinstance(event, EventEnded):
                what = f"■ {family} {event.duration_seconds:6.1f} s  peak {event.peak:.2f}"
                what += f"  ({printable(event.reason)})" if event.reason else ""
                line = self._paint.yellow(what)
            else:
                what = f"▶ {family} score {event.score:.2f}  since {clock(event.onset)}"
                line = self._paint.green(what)
            self.say(f"{clock(event.at):>8}  {line}")

    def end(self, too_short: str | None = None) -> None:
        """The sound is over: say where there was no event, and whether it was too short for one."""
        if not self._windows and not self._events_shown:
            reason = "" if too_short is None else f": {too_short}"
            self.say(f"          no event{reason}; --scores shows what each window gave")

    def _show_window(self, heard: Heard, playing: set[str]) -> None:
        loudness = 1.0 - heard.level_dbfs / _QUIETEST_DBFS
        level = f"{heard.level_dbfs:6.1f} dBFS {bar(loudness, 8)}"
        scores = []
        for index in np.argsort(-heard.scores)[:3]:
            family, score = self._families[index], float(heard.scores[index])
            text = f"{family.ljust(_FAMILY_WIDTH)} {bar(score, 8)} {score:.2f}"
            scores.append(self._paint.green(text) if family in playing else self._paint.dim(text))
        self.say(f"{clock(heard.ended_at):>8}  {level}  {'  '.join(scores)}")
