"""The errors and warnings of a configuration that need neither a microphone nor the broker."""

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
from daemon.configuration.web_password import password_file
from daemon.configuration.web_settings import WebSettings
from daemon.configuration.yaml.document import Document, Problem
from daemon.errors import InputError
from daemon.hearing.patience import vote_warnings
from daemon.runtime.page_models import page_models
from daemon.runtime.wiring import Recognizer
from daemon.system.state_directory import state_directory
from daemon.web.health import Health

_TLS_PORT, _PLAIN_PORT = 8883, 1883
_MODEL = "model file "
_FOR_THE_SERVICE = (
    "{}: not readable by this user; only the systemd service, which gets a copy, can use it"
)
# Stands for the password, so that it counts as one in the checks below.
_UNREADABLE = "a password that this user cannot read"


class Diagnosis:
    """The result of all checks that need neither a microphone nor the broker."""

    def __init__(self, document: Document[Settings]) -> None:
        self.recognizer: Recognizer | None = None
        """None if the model, or the tracker settings with it, cannot work."""
        self.has_password = False
        """True if a password is sent to the broker."""
        self.problems = list(document.problems)
        """The errors."""
        self.warnings: list[str] = []
        """Lines that begin with the key of a setting and a colon."""
        settings = document.value
        if settings is None:
            return
        self._check_model(document, settings)
        for problem in _file_problems(settings):
            key_file = settings.mqtt.tls and settings.mqtt.tls.key_file
            if problem.key == "mqtt.tls.key_file" and key_file and _is_unreadable(Path(key_file)):
                self.warnings.append(f"{problem.key}: {_FOR_THE_SERVICE.format(key_file)}")
            elif document.is_valid(problem.key):
                self.problems.append(problem)
        self._check_password(settings.mqtt, document.path)
        self._check_page(settings.web)
        self.warnings += _warnings(settings, document.path)
        # A setting with an error has its default here, so a warning about it would be wrong.
        self.warnings = [w for w in self.warnings if document.is_valid(w.partition(": ")[0])]

    def _check_model(self, document: Document[Settings], settings: Settings) -> None:
        try:
            self.recognizer = Recognizer(settings)
        except InputError as error:
            # If one of these settings is invalid itself, an error computed from it would mislead.
            is_sound = document.is_valid("tracker", "audio.hop_seconds")
            self.problems += [
                problem
                for problem in map(_problem_of, error.lines)
                if is_sound or not problem.key.startswith("tracker")
            ]
            return
        self.warnings += vote_warnings(settings.tracker, settings.audio.hop_seconds)
        try:
            page_models(settings)
        except InputError as error:
            self.problems += map(_problem_of, error.lines)

    def _check_password(self, mqtt: MqttSettings, config: Path) -> None:
        file = None if mqtt.password_file is None else Path(mqtt.password_file)
        password: str | None
        try:
            password = read_password(mqtt)
            if not password and (service_file := file_of_service(mqtt, config)) is not None:
                file = service_file
                password = find_password(mqtt, config) or ""
        except InputError as error:
            if file is None or not _is_unreadable(file):
                self.problems += map(_problem_of, error.lines)
                return
            self.warnings.append(f"mqtt.password_file: {_FOR_THE_SERVICE.format(file)}")
            password = _UNREADABLE
        self.has_password = is_password_sent(mqtt, password)
        self.warnings += password_warnings(mqtt, password, file)

    def _check_page(self, web: WebSettings) -> None:
        if web.port is None or _is_unreadable(password_file(web)):
            return
        from daemon.web.page.page import page_password

        try:
            page_password(web)
        except InputError as error:
            self.warnings += [f"{line}; the page stays off" for line in error.lines]


def _problem_of(line: str) -> Problem:
    """Return a problem from a line of an InputError, which begins with the key."""
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
    """Yield problems with TLS files and packages that the settings need."""
    tls = settings.mqtt.tls
    if tls is not None:
        yield from _tls_problems(tls)
    if settings.health.port is not None:
        from daemon.web.metrics import metrics_of

        yield from _problems_of(lambda: metrics_of(lambda: Health({}, 0.0)))
    if settings.web.port is not None or settings.web.ingress:
        from daemon.web.page.page import check_packages

        yield from _problems_of(check_packages)


def _tls_problems(tls: TlsSettings) -> list[Problem]:
    """Return the problems with the TLS files.

    Creating the context reports only the first problem. A second attempt without the authorities
    also finds a problem with the certificate or key.
    """
    from daemon.mqtt.wire.tls import tls_context

    problems = _problems_of(lambda: tls_context(tls))
    if tls.certificate_file is not None and tls.ca_file is not None:
        own = msgspec.structs.replace(tls, ca_file=None)
        problems += _problems_of(lambda: tls_context(own))
    return list(dict.fromkeys(problems))


def _is_unreadable(path: Path) -> bool:
    """Return whether the file probably exists but this user cannot read it."""
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
        yield "mqtt.tls.key_file: not used without mqtt.tls.certificate_file; set that too"
    if mqtt.discovery and mqtt.discovery_prefix == mqtt.topic_prefix:
        yield (
            "mqtt.discovery_prefix: the same as mqtt.topic_prefix, so states and discovery share "
            "their topics; change one of them"
        )


def _place_warnings(settings: Settings) -> Iterator[str]:
    if settings.sources and settings.audio.channel is not None:
        yield "audio.channel: not used if there are sources; set channel in each source"
    seen: dict[object, str] = {}
    for number, source in enumerate(settings.sources):
        key = f"sources.{number}"
        is_microphone = isinstance(source.url, msgspec.UnsetType)
        identity = (source.device, source.channel) if is_microphone else source.url
        if identity in seen:
            other = seen[identity]
            yield f"{key}: {source.name} and {other} listen to the same sound; correct one of them"
        seen.setdefault(identity, source.name)
        if source.tls_verify is None and str(source.url).lower().startswith("rtsps:"):
            yield (
                f"{key}.url: the camera's certificate is not verified; set tls_verify to true and "
                "ca_file to the certificate of its authority"
            )


def _password_warnings(settings: Settings, config: Path) -> Iterator[str]:
    """Yield a warning if the installed service uses a copy of another password file."""
    named = settings.mqtt.password_file
    source = None if named is None else source_of_service(config)
    if source is None or named is None or Path(named).absolute() == source:
        return
    from daemon.system.installation import command

    yield (
        f"mqtt.password_file: the installed service has a copy of {source} and uses it if it "
        f"cannot read {named}; run: {command('install-service', as_root=True)}"
    )


def _state_warnings(settings: Settings) -> Iterator[str]:
    folder = state_directory(settings.state.directory)
    above = (folder, *folder.absolute().parents)
    there = next(path for path in above if os.access(path, os.F_OK))
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        yield (
            f"state.directory: this user cannot write {there}, so events would be lost at a "
            "restart; name a directory that this user can write"
        )
