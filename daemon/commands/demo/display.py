"""The demo's output: one screen on a terminal, lines elsewhere."""

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import msgspec

from daemon.commands.demo.lines import Lines, verdict_lines
from daemon.commands.demo.medley import Medley
from daemon.commands.demo.record import Record
from daemon.commands.demo.verdict import Judge
from daemon.commands.terminal import Paint, can_redraw, format_time
from daemon.configuration.settings import Settings
from daemon.runtime.wiring import Recognizer, settle_seconds
from daemon.system.printable import printable
from daemon.system.stop import Stop


def can_show_screen() -> bool:
    """Return whether the output is a terminal that can redraw and the `demo` extra is installed."""
    return can_redraw(sys.stdout) and importlib.util.find_spec("rich") is not None


class Display:
    """Shows the results that `printer` gets and the messages that `receive` gets.

    `medley` is None if a microphone is used. `page` is the address of the page, if there is one.
    `messages` shows the MQTT messages from the start; `scores` prints a line for each window, if
    the output is lines.
    """

    def __init__(
        self,
        settings: Settings,
        recognizer: Recognizer,
        medley: Medley | None,
        stop: Stop,
        *,
        page: str | None,
        messages: bool,
        scores: bool,
    ) -> None:
        self._page = page
        self._recognizer = recognizer
        self._medley = medley
        self._judge = (
            None
            if medley is None
            else Judge(medley.passages, recognizer.families, recognizer.rules)
        )
        self._model = printable(recognizer.classifier.contract.title)
        self._broker = printable(f"{settings.mqtt.host}:{settings.mqtt.effective_port}")
        place = settings.places[0]
        self._gate_dbfs = settings.audio.gate_dbfs if medley else settings.gate_of(place)
        has_microphone = isinstance(place.url, msgspec.UnsetType)
        self._source = "the microphone" if has_microphone else f"the camera of {place.name}"
        self._stop = stop
        self._messages = messages
        self._record = Record(
            keeps_all=medley is not None,
            write_time=_wall_time if medley is None else medley_time,
        )
        self._lines = Lines(
            sys.stdout,
            self._record,
            families=recognizer.families,
            shown=recognizer.shown,
            medley=medley,
            messages=messages,
            scores=scores,
            on_loss=stop.set,
        )
        self._on_screen = can_show_screen()
        if self._on_screen:
            # Import it now: an import while the medley plays would delay windows.
            importlib.import_module("daemon.commands.demo.live_screen")
        self.printer = self._record if self._on_screen else self._lines
        """Takes the observations and events."""
        self.receive: Callable[[str, bytes], object] = self.printer.receive
        """Takes the topic and payload of each MQTT message; safe from any thread."""

    @property
    def seconds_heard(self) -> float:
        """Seconds of the sound that have been processed."""
        return 0.0 if self._record.heard is None else self._record.heard.ended_at

    def print_header(self) -> None:
        """Print the model, the broker, the page and the input, if the output is lines."""
        if self._on_screen:
            return
        self._lines.print_line(f"model      {self._model}")
        self._lines.print_line(f"broker     {self._broker}")
        if self._page is not None:
            self._lines.print_line(f"page       {self._page}")
        if self._medley is None:
            self._lines.print_line(f"hearing    {self._source}; Ctrl-C ends")
        else:
            self._lines.print_line(
                f"hearing    the medley, {format_time(self._medley.seconds)}; Ctrl-C ends"
            )
            self._lines.print_line("           ♪ what is played   ▶ ■ what is recognized")

    @contextmanager
    def live(
        self,
        position: Callable[[], float],
        no_sound_reason: Callable[[], str | None],
        speaker_status: Callable[[], str],
    ) -> Iterator[None]:
        """Show the results inside this context; `DemoContext` describes the arguments."""
        if not self._on_screen:
            if status := speaker_status():
                self._lines.print_line(f"sound      {status}")
            yield
            return
        from daemon.commands.demo.live_screen import LiveScreen
        from daemon.commands.demo.panes import DemoContext
        from daemon.commands.demo.screen import draw

        context = DemoContext(
            model=self._model,
            broker=self._broker,
            page=self._page,
            families=self._recognizer.families,
            rules=self._recognizer.rules,
            shown=self._recognizer.shown,
            gate_dbfs=self._gate_dbfs,
            source=self._source,
            medley=self._medley,
            judge=self._judge,
            settle_seconds=settle_seconds(self._recognizer.rules, self._recognizer.hop_seconds),
            position=position,
            no_sound_reason=no_sound_reason,
            speaker_status=speaker_status,
        )
        draw_now = partial(draw, context, self._record)
        with LiveScreen(draw_now, self._record, self._stop, messages=self._messages):
            yield

    def print_verdicts(self) -> None:
        """Print which passages were recognized correctly; nothing if there is no medley."""
        if self._judge is None:
            return
        verdicts = self._judge.verdicts(self._record.ended, self._record.windows)
        for line in verdict_lines(verdicts, Paint(sys.stdout)):
            self._lines.print_line(line)


def medley_time(seconds: float, _ago_seconds: float) -> str:
    """Return a time in the medley as text."""
    return format_time(seconds)


def _wall_time(_seconds: float, ago_seconds: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(time.time() - ago_seconds))
