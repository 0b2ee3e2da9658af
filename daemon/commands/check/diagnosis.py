"""Errors and warnings of a configuration."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from daemon.commands.check.text_warnings import text_warnings
from daemon.configuration.exposed_secrets import exposed_secrets
from daemon.configuration.password import is_password_sent, password_warnings, read_password
from daemon.configuration.service_password import file_of_service, find_password
from daemon.configuration.settings import MqttSettings, Settings, TlsSettings
from daemon.configuration.startup_files import source_of_service
from daemon.configuration.yaml.document import Document, Problem
from daemon.errors import InputError
from daemon.runtime.wiring import Recognizer
from daemon.system.state_directory import state_directory
from daemon.web.health import Health

_TLS_PORT, _PLAIN_PORT = 8883, 1883
_MODEL = "model file "
_FOR_THE_SERVICE = (
    "{}: not readable by this user; only the systemd service, which gets a copy, can use it"
)
_UNREADABLE = "a password that this user cannot read"


class Diagnosis:
    """Everything about a document that can be said without a microphone and a broker.

    `recognizer` is None where the model, or the rules for its scores, cannot work.
    """

    def __init__(self, document: Document[Settings]) -> None:
        self.recognizer: Recognizer | None = None
        self.has_password = False
        self.problems = list(document.problems)
        self.warnings: list[str] = []
        settings = document.value
        if settings is None:
            return
        self._note_ears(document, settings)
        for problem in _file_problems(settings):
            key_file = settings.mqtt.tls and settings.mqtt.tls.key_file
            if problem.key == "mqtt.tls.key_file" and key_file and _is_closed_to_us(Path(key_file)):
                self.warnings.append(f"{problem.key}: {_FOR_THE_SERVICE.format(key_file)}")
            elif document.is_valid(problem.key):
                self.problems.append(problem)
        self._note_password(settings.mqtt, document.path)
        self.warnings += _warnings(settings, document.path)
        # A value that is faulty has its default here, which says nothing.
        self.warnings = [w for w in self.warnings if document.is_valid(w.partition(": ")[0])]

    def _note_ears(self, document: Document[Settings], settings: Settings) -> None:
        try:
            self.recognizer = Recognizer(settings)
        except InputError as error:
            # A sum over a value that is faulty itself would mislead.
            is_sound = document.is_valid("tracker", "audio.hop_seconds")
            self.problems += [
                problem
                for problem in map(_problem_of, error.lines)
                if is_sound or not problem.key.startswith("tracker")
            ]

    def _note_password(self, mqtt: MqttSettings, config: Path) -> None:
        file = None if mqtt.password_file is None else Path(mqtt.password_file)
        password: str | None
        try:
            password = read_password(mqtt)
            if not password and (service_file := file_of_service(mqtt, config)) is not None:
                file = service_file
                password = find_password(mqtt, config) or ""
        except InputError as error:
            if file is None or not _is_closed_to_us(file):
                self.problems += map(_problem_of, error.lines)
                return
            self.warnings.append(f"mqtt.password_file: {_FOR_THE_SERVICE.format(file)}")
            password = _UNREADABLE
        self.has_password = is_password_sent(mqtt, password)
        self.warnings += password_warnings(mqtt, password, file)


def _problem_of(line: str) -> Problem:
    """A line of an InputError that begins with the key."""
    if line.startswith(_MODEL):
        return Problem("model.file", line.removeprefix(_MODEL))
    key, _, text = line.partition(": ")
    return Problem(key, text)


def _problems_of(call: Callable[[], object]) -> list[Problem]:
    try:
        call()
    except InputError as error:
        return list(map(_problem_of, error.lines))
    return []


def _file_problems(settings: Settings) -> Iterator[Problem]:
    """Files and packages that are needed and not there."""
    tls = settings.mqtt.tls
    if tls is not None:
        yield from _tls_problems(tls)
    if settings.health.port is not None:
        from daemon.web.metrics import metrics_of

        yield from _problems_of(lambda: metrics_of(lambda: Health({}, 0.0)))


def _tls_problems(tls: TlsSettings) -> list[Problem]:
    """The context tells the first fault only; without the authorities it goes on to the rest."""
    from daemon.mqtt.wire.tls import tls_context

    problems = _problems_of(lambda: tls_context(tls))
    if tls.certificate_file is not None and tls.ca_file is not None:
        own = msgspec.structs.replace(tls, ca_file=None)
        problems += _problems_of(lambda: tls_context(own))
    return list(dict.fromkeys(problems))


def _is_closed_to_us(path: Path) -> bool:
    """Whether the file may be there, but not for this user."""
    try:
        return path.is_file() and not os.access(path, os.R_OK)
    except PermissionError:
        return True


def _warnings(settings: Settings, config: Path) -> Iterator[str]:
    yield from exposed_secrets(settings, config)
    yield from _broker_warnings(settings)
    yield from _place_warnings(settings)
    yield from text_warnings(settings)
    yield from _password_warnings(settings, config)
    yield from _state_warnings(settings)


def _broker_warnings(settings: Settings) -> Iterator[str]:
    mqtt = settings.mqtt
    if mqtt.tls is None and mqtt.port == _TLS_PORT:
        yield f"mqtt.port: {_TLS_PORT} is the port for TLS, which is off; set mqtt.tls to {{}}"
    if mqtt.tls is not None and mqtt.port == _PLAIN_PORT:
        yield f"mqtt.port: {_PLAIN_PORT} is the port without TLS, which is on; leave the port out"
    if mqtt.tls is not None and mqtt.tls.key_file and not mqtt.tls.certificate_file:
        yield "mqtt.tls.key_file: not used without mqtt.tls.certificate_file; name that too"
    if mqtt.discovery and mqtt.discovery_prefix == mqtt.topic_prefix:
        yield (
            "mqtt.discovery_prefix: the same as mqtt.topic_prefix, so that states and discovery "
            "share their topics; change one of them"
        )


def _place_warnings(settings: Settings) -> Iterator[str]:
    if settings.sources and settings.audio.channel is not None:
        yield "audio.channel: not used, since the sources have their own; move it to them"
    seen: dict[object, str] = {}
    for number, source in enumerate(settings.sources):
        key = f"sources.{number}"
        what = (
            (source.device, source.channel)
            if isinstance(source.url, msgspec.UnsetType)
            else (source.url)
        )
        if what in seen:
            yield f"{key}: {source.name} and {seen[what]} listen to the same; correct one of them"
        seen.setdefault(what, source.name)
        if source.tls_verify is None and str(source.url).lower().startswith("rtsps:"):
            yield (
                f"{key}.url: the camera's certificate is not verified; set tls_verify to true, "
                "and ca_file to its authority"
            )


def _password_warnings(settings: Settings, config: Path) -> Iterator[str]:
    """Whether the installed service with this configuration uses the password of another file."""
    named = settings.mqtt.password_file
    source = None if named is None else source_of_service(config)
    if source is None or named is None or Path(named).absolute() == source:
        return
    from daemon.system.installation import command

    yield (
        f"mqtt.password_file: the installed service has a copy of {source}, and uses that where it "
        f"cannot read {named}; run: {command('install-service', as_root=True)}"
    )


def _state_warnings(settings: Settings) -> Iterator[str]:
    folder = state_directory(settings.state.directory)
    above = (folder, *folder.absolute().parents)
    there = next(path for path in above if os.access(path, os.F_OK))
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        yield (
            f"state.directory: this user cannot write {there}, so that events would be lost with "
            "a restart; name a directory of its own"
        )
