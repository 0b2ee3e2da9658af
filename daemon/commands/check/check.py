"""`timbrel check`: validate a configuration and show the effective settings."""

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import TimeoutError as TooLateError
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from daemon.commands import summary
from daemon.commands.check.diagnosis import Diagnosis
from daemon.configuration.settings import Settings, SourceSettings
from daemon.configuration.settings_file import read_settings
from daemon.configuration.yaml.document import Document, Problem
from daemon.errors import InputError, SoundLostError
from daemon.runtime.wiring import Recognizer, device_of
from daemon.sound.microphone import Found, Microphone
from daemon.sound.portaudio import PortAudio
from daemon.sound.window import WINDOW_SECONDS
from daemon.system.state_directory import state_directory

if TYPE_CHECKING:
    from daemon.sound.source import Device

# A sound server that hangs never answers.
_SEARCH_SECONDS = 10.0


def check(config: Path, *, trying: bool = False) -> int:
    """Print the effective settings, the warnings and a verdict; return exit code 0.

    `trying` also opens every device and connects to the broker. Raises InputError with a line for
    each error and the verdict if the configuration cannot work. Raises FailedError if a device or
    the broker fails.
    """
    try:
        document = read_settings(config)
    except InputError as error:
        raise _refusal([*error.lines], []) from None
    # This tests the model in a forked process, so it must come before any thread is started.
    diagnosis = Diagnosis(document)
    with PortAudio() as portaudio:
        places = Places(document, portaudio)
        microphones = places.find_microphones()
        errors = document.error_lines([*diagnosis.problems, *places.problems])
        settings, recognizer = document.value, diagnosis.recognizer
        if errors or settings is None or recognizer is None:
            raise _refusal(errors, diagnosis.warnings)
        _print_settings(settings, recognizer, microphones, has_password=diagnosis.has_password)
        for warning in diagnosis.warnings:
            print(f"warning    {warning}")
        if not trying:
            print(f"verdict    {_verdict(microphones, len(diagnosis.warnings))}")
            return 0
        from daemon.commands.check.trial import try_everything
        from daemon.configuration.service_password import find_password

        verdict = try_everything(
            settings,
            places.devices,
            places.changed,
            password=lambda: find_password(settings.mqtt, config),
        )
        print(f"verdict    {verdict}")
    return 0


class SearchResult(NamedTuple):
    """The result of looking for a place's microphone."""

    found: Found | None
    """The microphone; None if it is not connected now."""
    reason: str = ""
    """Why it was not found; empty if it was."""


class Places:
    """The devices of all places, not opened, and the errors in their settings."""

    def __init__(self, document: Document[Settings], portaudio: PortAudio) -> None:
        self.changed = threading.Condition()
        """Notified of sound once a device is open."""
        self.problems: dict[Problem, None] = {}
        """The errors in order, each once; the values mean nothing."""
        self.devices: dict[str, Device] = {}
        """The devices by the name of their place."""
        self._sources: dict[str, tuple[str, SourceSettings]] = {}
        settings = document.value
        for number, source in enumerate(settings.places if settings else ()):
            key = f"sources.{number}" if settings and settings.sources else "audio"
            if document.is_valid(key):
                self._sources[source.name] = key, source
                self._create_device(source, key, portaudio)
        self._searches = {
            name: device.find()
            for name, device in self.devices.items()
            if isinstance(device, Microphone)
        }

    def _create_device(self, source: SourceSettings, key: str, portaudio: PortAudio) -> None:
        try:
            self.devices[source.name] = device_of(source, portaudio, self.changed)
        except InputError as error:
            self.problems[Problem(key, str(error))] = None

    def find_microphones(self) -> dict[str, SearchResult]:
        """Look for each microphone; return the results by the name of the place.

        Adds to `problems` if a microphone does not have the configured channel.
        """
        deadline = time.monotonic() + _SEARCH_SECONDS
        results = {}
        for name, future in self._searches.items():
            try:
                found = future.result(max(0.0, deadline - time.monotonic()))
            except TooLateError:
                results[name] = SearchResult(None, "the sound system does not answer")
            except SoundLostError as error:
                results[name] = SearchResult(None, str(error))
            except InputError as error:
                self.problems[Problem("", str(error))] = None
            else:
                results[name] = SearchResult(found)
                self._check_channel(name, found)
        return results

    def _check_channel(self, name: str, found: Found) -> None:
        key, source = self._sources[name]
        if source.channel is not None and source.channel > found.channels:
            text = f"{found.name} has {found.channels} channel(s), not {source.channel}; correct it"
            self.problems[Problem(f"{key}.channel", text)] = None


def _refusal(errors: Sequence[str], warnings: Sequence[str]) -> InputError:
    plural = "s" * (len(errors) != 1)
    verdict = f"{len(errors)} error{plural}: this configuration cannot work"
    return InputError(*errors, *(f"warning: {line}" for line in warnings), verdict)


def _verdict(microphones: Mapping[str, SearchResult], warnings: int) -> str:
    missing = [name for name, result in microphones.items() if result.found is None]
    text = "this configuration can work"
    if missing:
        text += f", but not now: there is no microphone for {', '.join(missing)}"
    return text + (f" ({warnings} warning{'s' * (warnings != 1)})" if warnings else "")


def _print_settings(
    settings: Settings,
    recognizer: Recognizer,
    microphones: Mapping[str, SearchResult],
    *,
    has_password: bool,
) -> None:
    print(f"box        {settings.name}")
    for place in settings.places:
        line = f"place      {place.name}: {summary.describe_place(place)}"
        if result := microphones.get(place.name):
            state = result.found.name if result.found else f"NOT CONNECTED now: {result.reason}"
            line += f" ({state})"
        print(line)
    print(f"listening  a window of {WINDOW_SECONDS:g} s every {recognizer.hop_seconds:g} s")
    print(f"model      {recognizer.classifier.contract.title}")
    broker = summary.describe_broker(settings.mqtt, settings.name, has_password=has_password)
    print(f"broker     {broker}")
    print(f"state      {state_directory(settings.state.directory)}")
    wide = max(10, *map(len, recognizer.families))
    head = "threshold  patience  start after  stop after  cooldown"
    print(f"families   {'family':{wide}}  {head}")
    for family, rules in zip(recognizer.families, recognizer.rules, strict=True):
        print(
            f"           {family:{wide}}  {rules.threshold:9.2f}  {rules.patience:8}  "
            f"{rules.start_after_seconds:9g} s  "
            f"{rules.stop_after_seconds:8g} s  {rules.cooldown_seconds:6g} s"
        )
