"""`timbrel run` that a test can mute and that loses its patience sooner.

Arguments: seconds of patience, the configuration. SIGUSR1 mutes the first place, SIGUSR2 unmutes
it, SIGQUIT writes where every thread is to standard error. A source whose name ends in a number is
opened with that rate, in two channels.
"""

import faulthandler
import functools
import logging
import os
import re
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from daemon.commands import run as command
from daemon.configuration.settings import SourceSettings
from daemon.configuration.settings_file import load
from daemon.errors import FailedError
from daemon.runtime import listener, station
from daemon.runtime.place import Place
from daemon.runtime.wiring import device_of, place_of
from daemon.sound.microphone import Microphone
from daemon.sound.portaudio import Format, PortAudio
from daemon.sound.source import Device


def at_its_rate(
    source: SourceSettings, portaudio: PortAudio, changed: threading.Condition
) -> Device:
    """The microphone, as one would be that knows one rate only."""
    device = device_of(source, portaudio, changed)
    if rate := re.search(r"\d+$", source.name):
        form = Format("pulse", int(rate[0]), 2)
        assert isinstance(device, Microphone)
        device._format = functools.partial(_given, form)  # type: ignore[method-assign]
    return device


def _given(form: Format, library: Any) -> Format:
    assert library is not None
    return form


def start(patience_seconds: str, config: str) -> int:
    """Run until a signal; the exit code that `timbrel` gives."""
    places: list[Place] = []

    def noted(*arguments: Any, **named: Any) -> Place:
        places.append(place_of(*arguments, **named))
        return places[-1]

    def mute(number: int, _frame: object) -> None:
        places[0].mute(muted=number == signal.SIGUSR1)

    # As the program does it: number 2 is taken from the libraries.
    said = os.fdopen(os.dup(2), "w", buffering=1)
    logging.basicConfig(level=logging.INFO, format="timbrel: %(message)s", stream=said)
    faulthandler.register(signal.SIGQUIT, file=said)
    signal.signal(signal.SIGUSR1, mute)
    signal.signal(signal.SIGUSR2, mute)
    setattr(station, "place_of", noted)  # noqa: B010 (mypy knows no such export)
    listener._PATIENCE_SECONDS = float(patience_seconds)
    try:
        return command.run(load(Path(config)), Path(config), at_its_rate)
    except FailedError as error:
        print(f"timbrel: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(start(*sys.argv[1:]))
