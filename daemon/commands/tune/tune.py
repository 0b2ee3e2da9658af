"""`timbrel tune`: show which note sounds and how well it is in tune, ten times a second."""

import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from daemon.commands.terminal import can_redraw
from daemon.commands.tune.live_sound import live_pieces
from daemon.commands.tune.needle import JsonReadings, LinesOfNotes, LiveNeedle, ReadingPrinter
from daemon.configuration.settings import Settings, SourceSettings
from daemon.errors import FailedError, SoundLostError
from daemon.practice.pitch.readings import Readings
from daemon.sound.sound_file import read_pieces
from daemon.system.stop import Stop, stop_on_signals

# In the errors of PortAudio and of ALSA.
_SIGNS_OF_USE = ("busy", "unavailable")


def tune(
    settings: Settings,
    file: str | None,
    *,
    device: str | int | None,
    a4_hz: float,
    as_json: bool,
) -> int:
    """Show the notes of a recording or, until a signal, of a device. Return 0.

    `device` replaces that of the first place of the settings. `a4_hz` is the pitch in hertz to
    which notes refer. Raises InputError if the file cannot be read, FailedError if the device
    cannot be used.
    """
    printer = _printer(is_live=file is None, as_json=as_json)
    with stop_on_signals() as stop:
        if file is None:
            _tune_live(settings, device, Readings(a4_hz), printer, stop)
        else:
            pieces = read_pieces(file, settings.audio.channel)
            _show(takewhile(lambda _: not stop.is_set(), pieces), Readings(a4_hz), printer)
    return 0


def _printer(*, is_live: bool, as_json: bool) -> ReadingPrinter:
    if as_json:
        return JsonReadings(sys.stdout)
    return (
        LiveNeedle(sys.stdout) if is_live and can_redraw(sys.stdout) else LinesOfNotes(sys.stdout)
    )


def _show(
    pieces: Iterable[NDArray[np.float32]], readings: Readings, printer: ReadingPrinter
) -> None:
    for piece in pieces:
        for reading in readings.push(piece):
            printer.show(reading)
    for reading in readings.finish():
        printer.show(reading)
    printer.end()


def _tune_live(
    settings: Settings,
    name: str | int | None,
    readings: Readings,
    printer: ReadingPrinter,
    stop: Stop,
) -> None:
    from daemon.runtime.wiring import device_of
    from daemon.sound.portaudio import PortAudio

    place = settings.places[0]
    if name is not None:
        place = SourceSettings(name=place.name, device=name)
    stall_seconds = settings.audio.stall_seconds
    changed = threading.Condition()
    with PortAudio() as portaudio, _explained(f"{settings.mqtt.topic_prefix}/{place.name}"):
        device = device_of(place, portaudio, changed, stall_seconds=stall_seconds)
        pieces = live_pieces(
            device, changed, stop, channel=place.channel, stall_seconds=stall_seconds
        )
        _show(pieces, readings, printer)


@contextmanager
def _explained(topics: str) -> Iterator[None]:
    """Turn a lost device into an error of one line.

    If the device is in use, the line names the topic of the daemon's notes, below `topics`.
    """
    try:
        yield
    except SoundLostError as error:
        reason = str(error)
        if any(sign in reason.lower() for sign in _SIGNS_OF_USE):
            reason += (
                "; if it is in use by the daemon, read its notes from the topic "
                f"{topics}/practice/note, or stop the daemon"
            )
        raise FailedError(reason) from None
