"""The demo's output in a pipe, or on a terminal that cannot redraw: one line per event."""

import threading
from collections.abc import Callable, Sequence
from typing import TextIO

from daemon.commands.demo.medley import Medley, Passage
from daemon.commands.demo.record import ReceivedMessage, Record
from daemon.commands.demo.verdict import Verdict, summary
from daemon.commands.terminal import LinePrinter, Paint, format_time
from daemon.hearing.pipeline import Observation
from daemon.hearing.shown_scores import ShownScores
from daemon.hearing.tracker import Event

_MOST_CHARACTERS = 120


class Lines:
    """Prints passages, events and messages line by line, and keeps them in the record.

    `shown` maps scores. `messages` also prints the MQTT messages, `scores` a line for each window.
    If the reader of the output is gone, the methods raise OSError, except `receive`, which calls
    `on_loss` instead.
    """

    def __init__(
        self,
        stream: TextIO,
        record: Record,
        *,
        families: Sequence[str],
        shown: ShownScores,
        medley: Medley | None,
        messages: bool,
        scores: bool,
        on_loss: Callable[[], None],
    ) -> None:
        self._printer = LinePrinter(stream, families, shown, shown if scores else None)
        self._paint = Paint(stream)
        self._record = record
        self._next_passages = list(medley.passages) if medley is not None else []
        self._messages = messages
        self._on_loss = on_loss
        self._lock = threading.Lock()

    def print_line(self, text: str) -> None:
        """Print one line; safe from any thread."""
        with self._lock:
            self._printer.print_line(text)

    def observe(self, observation: Observation) -> None:
        """Print the passages that have begun since the last window, then its results."""
        now = observation.heard.ended_at
        while self._next_passages and self._next_passages[0].start_seconds <= now:
            self.print_line(self._paint.dim(_passage_line(self._next_passages.pop(0))))
        self._record.observe(observation)
        with self._lock:
            self._printer.observe(observation)

    def show_events(self, events: Sequence[Event]) -> None:
        """Print one line for each event."""
        self._record.show_events(events)
        with self._lock:
            self._printer.show_events(events)

    def end(self, _too_short: str | None = None) -> None:
        """Do nothing: the verdicts follow."""

    def receive(self, topic: str, payload: bytes) -> None:
        """Keep an MQTT message, and print it if requested; called on the client's thread."""
        message = self._record.receive(topic, payload)
        if not self._messages:
            return
        try:
            self.print_line(self._paint(_message_line(message), "36"))
        except OSError:
            self._on_loss()


def verdict_lines(verdicts: Sequence[Verdict], paint: Paint) -> list[str]:
    """Return one line per passage, the reason if it is wrong, and the totals."""
    lines = ["", "  played                                          heard"]
    for passage, right, remark in verdicts:
        mark = paint.green("✓") if right else paint.yellow("✗")
        text = f"{format_time(passage.start_seconds):>8}  {passage.what:10}{passage.instrument:30}"
        lines.append(f"{text}{mark} {paint.dim(remark) if right else ''}".rstrip())
        if not right:
            lines.append(f"{'':20}{paint.yellow(remark)}")
    return [*lines, "", summary(verdicts)]


def _passage_line(passage: Passage) -> str:
    start = format_time(passage.start_seconds)
    return f"{start:>8}  ♪ {passage.what:10} is played: {passage.instrument}"


def _message_line(message: ReceivedMessage) -> str:
    line = f"{'':8}  → {message.topic}  {message.text}"
    if len(line) <= _MOST_CHARACTERS:
        return line
    return f"{line[:_MOST_CHARACTERS]}… ({message.size} bytes)"
