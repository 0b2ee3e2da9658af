"""`timbrel run` that a test can mute, with a shorter limit for a device that does not answer.

Arguments: that limit in seconds, the configuration. SIGUSR1 mutes the first place, SIGUSR2 unmutes
it, SIGQUIT writes the stack of every thread to standard error. A source whose name ends in a number
is opened with that sample rate, in two channels.
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


def make_device(
    source: SourceSettings, portaudio: PortAudio, changed: threading.Condition
) -> Device:
    """Return the microphone, limited to the sample rate in the source's name."""
    device = device_of(source, portaudio, changed)
    if rate := re.search(r"\d+$", source.name):
        form = Format("pulse", int(rate[0]), 2)
        assert isinstance(device, Microphone)
        device._format = functools.partial(_fixed_format, form)  # type: ignore[method-assign]
    return device


def _fixed_format(form: Format, library: Any) -> Format:
    assert library is not None
    return form


def start(patience_seconds: str, config: str) -> int:
    """Run until a signal; return the exit code of `timbrel`."""
    places: list[Place] = []

    def noting_place_of(*arguments: Any, **named: Any) -> Place:
        places.append(place_of(*arguments, **named))
        return places[-1]

    def mute(number: int, _frame: object) -> None:
        places[0].mute(muted=number == signal.SIGUSR1)

    # Use a duplicate, as the program does: libraries are kept from writing to descriptor 2.
    log_file = os.fdopen(os.dup(2), "w", buffering=1)
    logging.basicConfig(level=logging.INFO, format="timbrel: %(message)s", stream=log_file)
    faulthandler.register(signal.SIGQUIT, file=log_file)
    signal.signal(signal.SIGUSR1, mute)
    signal.signal(signal.SIGUSR2, mute)
    setattr(station, "place_of", noting_place_of)  # noqa: B010 (mypy does not see this export)
    listener._PATIENCE_SECONDS = float(patience_seconds)
    try:
        return command.run(load(Path(config)), Path(config), make_device)
    except FailedError as error:
        print(f"timbrel: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(start(*sys.argv[1:]))
