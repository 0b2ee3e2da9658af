"""`timbrel check --try`: open every microphone and camera, use the broker, and report."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import TimeoutError as TooLateError
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from msgspec import UnsetType

from daemon.commands.check.broker_trial import BrokerTrial
from daemon.configuration.settings import Settings, SourceSettings
from daemon.errors import FailedError, InputError, SoundLostError
from daemon.hearing.scorer import level_dbfs
from daemon.sound.mixing import DeviceMix, Stillness

if TYPE_CHECKING:
    from concurrent.futures import Future

    from daemon.sound.ring import Ring
    from daemon.sound.source import Device

_SOUND_SECONDS = 1.0
# A camera times out after 20 s; PortAudio may never answer.
_OPEN_SECONDS = 22.0
_FIRST_SOUND_SECONDS = 5.0
_CLOSE_SECONDS = 2.0


def try_everything(
    settings: Settings,
    devices: Mapping[str, "Device"],
    changed: threading.Condition,
    password: Callable[[], str | None],
) -> str:
    """Try all places and the broker at the same time; print a line for each.

    `devices` are the devices by the name of their place, not opened yet; `changed` is notified of
    their sound. `password` returns the broker's password. Returns the verdict within a minute.
    Raises FailedError if a trial fails, InputError if only another configuration or password can
    help.
    """
    # The log lines of the devices would repeat what is printed below.
    logging.getLogger().setLevel(logging.WARNING)
    broker = BrokerTrial(settings, password)
    broker.start()
    opening = {name: device.open() for name, device in devices.items()}
    deadline = time.monotonic() + _OPEN_SECONDS
    failed = []
    for source in settings.places:
        try:
            with _opened(devices[source.name], opening[source.name], deadline) as ring:
                print(f"works      {source.name}: {_sound(ring, source, settings, changed)}")
        except (SoundLostError, InputError) as error:
            failed.append(source.name)
            print(f"FAILED     {source.name}: {error}")
    trouble = broker.wait()
    print(f"{'FAILED' if trouble else 'works':10} broker: {broker.report}")
    if trouble:
        failed.append("broker")
    if failed:
        verdict = (
            f"this configuration is valid, but {len(failed)} of {len(devices) + 1} trials failed: "
            f"{', '.join(failed)}"
        )
        raise (InputError if trouble and trouble.needs_user else FailedError)(verdict)
    doubt = ", but MQTT 3.1.1 does not report whether publishing is allowed"
    return "this configuration works" + ("" if broker.is_certain else doubt)


@contextmanager
def _opened(device: "Device", opening: "Future[Ring]", deadline: float) -> "Iterator[Ring]":
    """Wait until a device is open; yield its ring, and close the device at the end.

    Raises SoundLostError if it is not open at `deadline` (time.monotonic()).
    """
    try:
        ring = opening.result(max(0.0, deadline - time.monotonic()))
    except TooLateError:
        raise SoundLostError(f"it does not open within {_OPEN_SECONDS:g} s") from None
    try:
        yield ring
    finally:
        with suppress(TooLateError):
            device.close(ring).result(_CLOSE_SECONDS)


def _sound(
    ring: "Ring", source: SourceSettings, settings: Settings, changed: threading.Condition
) -> str:
    """Listen for a second; return a short text about the sound.

    Raises SoundLostError if no sound arrives, or if all samples have the same value.
    """
    ring.require(int(_SOUND_SECONDS * ring.rate_hz))
    with changed:
        changed.wait_for(lambda: ring.has_news, _FIRST_SOUND_SECONDS)
    blocks = ring.fetch()
    if blocks is None:
        raise SoundLostError(f"it is open, but no sound arrived within {_FIRST_SOUND_SECONDS:g} s")
    mix = DeviceMix(source.channel)
    mono = mix.mono(blocks, ring.rate_hz)
    if isinstance(source.url, UnsetType) and not mix.has_sound:
        raise SoundLostError(f"it is open, but {_describe_stillness(mix.stillness(blocks))}")
    level = level_dbfs(mono - mono.mean())
    gate = settings.gate_of(source)
    text = f"sound arrives, level {level:.1f} dBFS"
    if gate is not None and level < gate:
        text += f", which is below gate_dbfs ({gate:g}) and counts as silence"
    return text


def _describe_stillness(stillness: Stillness) -> str:
    if wrong_channel := stillness.wrong_channel():
        return wrong_channel
    if stillness.is_silent:
        return "gives only digital silence: it is muted, or its source is gone"
    return "gives a constant value instead of sound: it is broken or not wired correctly"
