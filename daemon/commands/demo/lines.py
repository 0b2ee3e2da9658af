"""The demo in a pipe or on a terminal that cannot redraw: one line an event, plain text."""

import threading
from collections.abc import Callable, Sequence
from typing import TextIO

from daemon.commands.demo.medley import Medley, Passage
from daemon.commands.demo.record import Received, Record
from daemon.commands.demo.verdict import Verdict, summary
from daemon.commands.terminal import Paint, Screen, clock
from daemon.hearing.pipeline import Observation
from daemon.hearing.tracker import Event

_MOST_CHARACTERS = 120


class Lines:
    """Prints what happens, line by line, and keeps it in the record.

    With `messages` it also prints the MQTT messages, with `scores` a line for each window.
    `on_loss` is called on the broker's thread when nobody reads the output any more; the loop's
    own thread gets the error itself.
    """

    def __init__(
        self,
        stream: TextIO,
        record: Record,
        *,
        families: Sequence[str],
        medley: Medley | None,
        messages: bool,
        scores: bool,
        on_loss: Callable[[], None],
    ) -> None:
        self._screen = Screen(stream, families, windows=scores)
        self._paint = Paint(stream)
        self._record = record
        self._to_play = list(medley.passages) if medley is not None else []
        self._messages = messages
        self._on_loss = on_loss
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """Print one line."""
        with self._lock:
            self._screen.say(text)

    def observe(self, observation: Observation) -> None:
        """One window's results, after the passages that have begun since the last one."""
        while self._to_play and self._to_play[0].start_seconds <= observation.heard.ended_at:
            self.say(self._paint.dim(_played(self._to_play.pop(0))))
        self._record.observe(observation)
        with self._lock:
            self._screen.observe(observation)

    def show_events(self, events: Sequence[Event]) -> None:
        """One line an event."""
        self._record.show_events(events)
        with self._lock:
            self._screen.show_events(events)

    def end(self, _too_short: str | None = None) -> None:
        """The sound is over; the verdict follows."""

    def receive(self, topic: str, payload: bytes) -> None:
        """A message of the broker's; called on its client's thread."""
        message = self._record.receive(topic, payload)
        if not self._messages:
            return
        try:
            self.say(self._paint(_message(message), "36"))
        except OSError:
            self._on_loss()


def verdict_lines(verdicts: Sequence[Verdict], paint: Paint) -> list[str]:
    """Print one line per passage, the reason where it is wrong, and the total."""
    lines = ["", "  played                                          heard"]
    for passage, right, remark in verdicts:
        mark = paint.green("✓") if right else paint.yellow("✗")
        what = f"{clock(passage.start_seconds):>8}  {passage.what:10}{passage.instrument:30}"
        lines.append(f"{what}{mark} {paint.dim(remark) if right else ''}".rstrip())
        if not right:
            lines.append(f"{'':20}{paint.yellow(remark)}")
    return [*lines, "", summary(verdicts)]


def _played(passage: Passage) -> str:
    what = passage.what.ljust(10)
    return f"{clock(passage.start_seconds):>8}  ♪ {what} is played: {passage.instrument}"


def _message(message: Received) -> str:
    line = f"{'':8}  → {message.topic}  {message.text}"
    if len(line) <= _MOST_CHARACTERS:
        return line
    return f"{line[:_MOST_CHARACTERS]}… ({message.size} bytes)"
