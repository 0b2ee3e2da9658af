"""`timbrel demo`: run the daemon on a bundled medley and show its results and its messages."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from daemon.commands.demo.broker import demo_node, open_delivery, with_embedded_broker
from daemon.commands.demo.display import Display, can_show_screen
from daemon.commands.demo.loudspeaker import Loudspeaker, open_loudspeaker
from daemon.commands.demo.medley import MEDLEY, read_medley
from daemon.commands.demo.page import DemoPage, demo_page
from daemon.commands.replay import Publication, play
from daemon.commands.terminal import Paint
from daemon.configuration.settings import Settings
from daemon.hearing.replay import Replay
from daemon.hearing.scorer import Scorer
from daemon.hub.board import Board
from daemon.hub.reporter import Reporter
from daemon.runtime.listener import Listener
from daemon.runtime.wakeup import Wakeup
from daemon.runtime.wiring import Recognizer, device_of, place_of
from daemon.sound.portaudio import PortAudio
from daemon.sound.window import WINDOW_SECONDS
from daemon.system.stop import Stop, stop_on_signals


class Choices(NamedTuple):
    """The options of the command line."""

    own_broker: bool
    """Start an embedded broker instead of using the configured one."""
    microphone: bool = False
    """Listen to the first configured place instead of the medley."""
    speed: float | None = 1.0
    """Multiple of real time, > 0; None: as fast as possible."""
    quiet: bool = False
    """Do not use the loudspeaker."""
    messages: bool = False
    """Show the MQTT messages from the start."""
    scores: bool = False
    """Print a line for each window, if the output is lines."""
    config: Path | None = None
    """The file that the settings came from; None: the defaults."""


def demo(settings: Settings, choices: Choices) -> int:
    """Recognize the medley until its end, or a microphone until Ctrl-C; return exit code 0.

    The output is one screen on a terminal and lines elsewhere. Raises InputError if the broker
    refuses the login, FailedError if it cannot be reached or did not accept all events.
    """
    logging.getLogger().setLevel(logging.WARNING)
    if can_show_screen():
        print(Paint(sys.stdout).dim("starting …"), flush=True)
    medley = None if choices.microphone else read_medley()
    publication = Publication()
    wall_at = publication.wall_at if medley is not None else lambda _: time.time()
    with stop_on_signals() as stop, ExitStack() as stack:
        speaker = stack.enter_context(_open_speaker(choices))
        recognizer = Recognizer(settings)
        if choices.own_broker:
            settings = with_embedded_broker(settings, stack)
        node, board = demo_node(settings, recognizer), Board()
        page = stack.enter_context(demo_page(settings, recognizer, node, board))
        display = Display(
            *(settings, recognizer, medley, stop),
            page=page.address,
            messages=choices.messages,
            scores=choices.scores,
        )
        display.print_header()
        with open_delivery(
            *(settings, recognizer, wall_at, display.receive, stop),
            board=board,
            config=choices.config,
        ) as delivery:
            run = _Run(settings, recognizer, delivery.reporter, display, page, stop)
            if choices.microphone:
                _listen(run)
            elif not stop.is_set():
                _play(run, publication, speaker, choices.speed)
    if not stop.is_set():
        display.print_verdicts()
    delivery.check()
    return 0


class _Run(NamedTuple):
    """The parts that both the medley and the microphone need."""

    settings: Settings
    recognizer: Recognizer
    reporter: Reporter
    display: Display
    page: DemoPage
    stop: Stop


def _play(
    run: _Run, publication: Publication, speaker: Loudspeaker | None, speed: float | None
) -> None:
    """Recognize the medley until its end or the request to stop."""
    settings, recognizer, reporter, display, page, stop = run
    started = time.monotonic() if speaker is None else speaker.start()
    publication.began, publication.reporter = time.time(), reporter

    def position() -> float:
        if speed is None:
            return display.seconds_heard
        # If the machine is too slow for the speed, show how far it has got, not the time.
        newest = max(WINDOW_SECONDS, display.seconds_heard + recognizer.hop_seconds)
        return min(newest, (time.monotonic() - started) * speed)

    def speaker_status() -> str:
        return "" if speaker is None else speaker.status

    player = Replay(str(MEDLEY), recognizer.hop_seconds, speed=speed, stop=stop)
    scorer = Scorer(recognizer.classifier, settings.audio.gate_dbfs)
    with display.live(position, lambda: None, speaker_status):
        observers = page.observers
        play(player, recognizer, scorer, display.printer, publication, others=observers)


def _listen(run: _Run) -> None:
    """Listen to the first configured place until the request to stop."""
    settings, recognizer, reporter, display, page, stop = run
    source, wakeup = settings.places[0], Wakeup()
    with PortAudio() as portaudio:
        place = place_of(
            settings,
            source,
            recognizer=recognizer,
            reporter=reporter,
            device=device_of(source, portaudio, wakeup.changed),
            wakeup=wakeup,
            observers=[display.printer, *page.observers],
        )
        with display.live(lambda: 0.0, lambda: place.status.reason, lambda: ""):
            Listener([place], wakeup).listen_until(stop)


@contextmanager
def _open_speaker(choices: Choices) -> Iterator[Loudspeaker | None]:
    """Open the loudspeaker for the medley and yield it; yield None if it is not used.

    It is not used at another speed than 1, at which the medley would not sound like music.
    """
    if choices.microphone or choices.quiet or choices.speed != 1.0:
        yield None
        return
    with open_loudspeaker(MEDLEY) as speaker:
        yield speaker
