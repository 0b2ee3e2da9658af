"""`timbrel demo`: the daemon's own loop on a bundled medley, and what a hub receives of it."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from daemon.commands.demo.broker import at_own_broker, published
from daemon.commands.demo.loudspeaker import Loudspeaker, loudspeaker
from daemon.commands.demo.medley import MEDLEY, medley
from daemon.commands.demo.show import Show, on_screen
from daemon.commands.replay import Publication, play
from daemon.commands.terminal import Paint
from daemon.configuration.settings import Settings
from daemon.hearing.replay import Replay
from daemon.hearing.scorer import Scorer
from daemon.hub.reporter import Reporter
from daemon.runtime.listener import Listener
from daemon.runtime.wakeup import Wakeup
from daemon.runtime.wiring import Recognizer, device_of, place_of
from daemon.sound.portaudio import PortAudio
from daemon.sound.window import WINDOW_SECONDS
from daemon.system.stop import Stop, stop_on_signals


class Choices(NamedTuple):
    """What the command line asks for. `speed` None: as fast as it goes."""

    own_broker: bool
    microphone: bool = False
    speed: float | None = 1.0
    quiet: bool = False
    messages: bool = False
    scores: bool = False
    config: Path | None = None


def demo(settings: Settings, choices: Choices) -> int:
    """Play the medley, or listen, until its end or Ctrl-C; on one screen, or in lines in a pipe.

    Raises InputError or FailedError when there is no broker, FailedError when it did not take all
    events.
    """
    logging.getLogger().setLevel(logging.WARNING)
    if on_screen():
        print(Paint(sys.stdout).dim("starting …"), flush=True)
    truth = None if choices.microphone else medley()
    publication = Publication()
    wall_at = publication.wall_at if truth is not None else lambda _: time.time()
    with stop_on_signals() as stop, ExitStack() as stack:
        speaker = stack.enter_context(_speaker(choices))
        recognizer = Recognizer(settings)
        if choices.own_broker:
            settings = at_own_broker(settings, stack)
        show = Show(
            settings, recognizer, truth, stop, messages=choices.messages, scores=choices.scores
        )
        show.announce()
        with published(
            settings, recognizer, wall_at, show.receive, stop, config=choices.config
        ) as delivery:
            run = _Run(settings, recognizer, delivery.reporter, show, stop)
            if choices.microphone:
                _listen(run)
            elif not stop.is_set():
                _play(run, publication, speaker, choices.speed)
    if not stop.is_set():
        show.print_verdicts()
    delivery.check()
    return 0


class _Run(NamedTuple):
    """The listening parts, the receivers of results, and the stop request."""

    settings: Settings
    recognizer: Recognizer
    reporter: Reporter
    show: Show
    stop: Stop


def _play(
    run: _Run, publication: Publication, speaker: Loudspeaker | None, speed: float | None
) -> None:
    """Hear the medley to its end."""
    settings, recognizer, reporter, show, stop = run
    started = time.monotonic() if speaker is None else speaker.start()
    publication.began, publication.reporter = time.time(), reporter

    def position() -> float:
        if speed is None:
            return show.seconds_heard
        # A machine that is too slow for the speed falls behind the clock.
        newest = max(WINDOW_SECONDS, show.seconds_heard + recognizer.hop_seconds)
        return min(newest, (time.monotonic() - started) * speed)

    def remark() -> str:
        return "" if speaker is None else speaker.remark

    player = Replay(str(MEDLEY), recognizer.hop_seconds, speed=speed, stop=stop)
    hearing = Scorer(recognizer.classifier, settings.audio.gate_dbfs)
    with show.shown(position, lambda: None, remark):
        play(player, recognizer, hearing, show.printer, publication)


def _listen(run: _Run) -> None:
    """Hear the first of the places until the request to stop."""
    settings, recognizer, reporter, show, stop = run
    source, wakeup = settings.places[0], Wakeup()
    with PortAudio() as portaudio:
        place = place_of(
            settings,
            source,
            recognizer=recognizer,
            reporter=reporter,
            device=device_of(source, portaudio, wakeup.changed),
            wakeup=wakeup,
            observers=[show.printer],
        )
        with show.shown(lambda: 0.0, lambda: place.status.reason, lambda: ""):
            Listener([place], wakeup).listen_until(stop)


@contextmanager
def _speaker(choices: Choices) -> Iterator[Loudspeaker | None]:
    """The loudspeaker, where the medley is to be heard; at another speed it would not be music."""
    if choices.microphone or choices.quiet or choices.speed != 1.0:
        yield None
        return
    with loudspeaker(MEDLEY) as speaker:
        yield speaker
