"""What a person sees of the demo: one screen on a terminal, lines anywhere else."""

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
from daemon.commands.terminal import Paint, can_redraw, clock
from daemon.configuration.settings import Settings
from daemon.runtime.wiring import Recognizer, settle_seconds
from daemon.system.printable import printable
from daemon.system.stop import Stop


def on_screen() -> bool:
    """Whether one screen is redrawn: on a terminal that can, with the `demo` extra installed."""
    return can_redraw(sys.stdout) and importlib.util.find_spec("rich") is not None


class Show:
    """Shows what the `printer` is told and what `receive` gets, while `shown` lasts.

    `medley` None: a microphone is heard. `messages` shows MQTT messages from the start; `scores`
    prints a line for each window where lines are printed.
    """

    def __init__(
        self,
        settings: Settings,
        recognizer: Recognizer,
        medley: Medley | None,
        stop: Stop,
        *,
        messages: bool,
        scores: bool,
    ) -> None:
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
            medley=medley,
            messages=messages,
            scores=scores,
            on_loss=stop.set,
        )
        self._on_screen = on_screen()
        if self._on_screen:
            # Now, since what loads while the medley plays makes its windows late.
            importlib.import_module("daemon.commands.demo.live_screen")
        self.printer = self._record if self._on_screen else self._lines
        self.receive: Callable[[str, bytes], object] = self.printer.receive

    @property
    def seconds_heard(self) -> float:
        """How much of the sound has been heard."""
        return 0.0 if self._record.heard is None else self._record.heard.ended_at

    def announce(self) -> None:
        """Print what is about to run, if output is in lines."""
        if self._on_screen:
            return
        self._lines.say(f"model      {self._model}")
        self._lines.say(f"broker     {self._broker}")
        if self._medley is None:
            self._lines.say(f"hearing    {self._source}; Ctrl-C ends")
        else:
            self._lines.say(f"hearing    the medley, {clock(self._medley.seconds)}; Ctrl-C ends")
            self._lines.say("           ♪ what is played   ▶ ■ what is heard")

    @contextmanager
    def shown(
        self,
        position: Callable[[], float],
        deaf: Callable[[], str | None],
        speaker: Callable[[], str],
    ) -> Iterator[None]:
        """Show what happens; the arguments ask for what `Stage` says of them."""
        if not self._on_screen:
            if remark := speaker():
                self._lines.say(f"sound      {remark}")
            yield
            return
        from daemon.commands.demo.live_screen import LiveScreen
        from daemon.commands.demo.panes import Stage
        from daemon.commands.demo.screen import draw

        stage = Stage(
            model=self._model,
            broker=self._broker,
            families=self._recognizer.families,
            rules=self._recognizer.rules,
            gate_dbfs=self._gate_dbfs,
            source=self._source,
            medley=self._medley,
            judge=self._judge,
            settle_seconds=settle_seconds(self._recognizer.rules, self._recognizer.hop_seconds),
            position=position,
            deaf=deaf,
            speaker=speaker,
        )
        drawn = partial(draw, stage, self._record)
        with LiveScreen(drawn, self._record, self._stop, messages=self._messages):
            yield

    def print_verdicts(self) -> None:
        """What of the medley was named right; nothing for a microphone."""
        if self._judge is None:
            return
        verdicts = self._judge.verdicts(self._record.ended, self._record.windows)
        for line in verdict_lines(verdicts, Paint(sys.stdout)):
            self._lines.say(line)


def medley_time(seconds: float, _ago_seconds: float) -> str:
    """A moment of the medley, from its start."""
    return clock(seconds)


def _wall_time(_seconds: float, ago_seconds: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(time.time() - ago_seconds))
