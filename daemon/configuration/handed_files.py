"""Files that a running daemon does not follow: copies from systemd, and files read at its start."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.system import systemd

if TYPE_CHECKING:
    from daemon.configuration.settings import MqttSettings, Settings

_UNITS = Path("/etc/systemd/system")

Signatures = Mapping[str, tuple[str, int, int, int]]


def outdated_copies(
    mqtt: "MqttSettings", environment: Mapping[str, str] = os.environ
) -> Iterator[str]:
    """Yield a line, with the remedy, for each copy that differs from the file configured now.

    A copy is made when the service starts; only its user and root can read it. No line where no
    difference can be seen, where the service reads the file itself, and without a copy.
    """
    key_file = None if mqtt.tls is None else mqtt.tls.key_file
    for credential, key, named in (
        (systemd.PASSWORD_CREDENTIAL, "mqtt.password_file", mqtt.password_file),
        (systemd.KEY_CREDENTIAL, "mqtt.tls.key_file", key_file),
    ):
        copy = systemd.credential(credential, environment)
        is_used = named is None or not os.access(named, os.R_OK)
        if copy is not None and is_used and (line := _outdated(copy, named)):
            yield f"{key}: {line}"


def signatures(settings: "Settings") -> Signatures:
    """The identity of each file that is read once, at the start, by its key.

    A file that cannot be seen is left out.
    """
    return dict(_signatures(settings))


def changed_files(old: Signatures, new: Signatures) -> list[str]:
    """The keys whose file has the same name in both and was written or replaced in between."""
    return [
        key for key in new if key in old and old[key][0] == new[key][0] and old[key] != new[key]
    ]


def is_service_installed() -> bool:
    """Whether `install-service` has written a system unit."""
    from daemon.system import unit

    return (_UNITS / unit.NAME).exists()


def source_of_service(config: Path) -> Path | None:
    """The file that the password of the installed service with this configuration is copied from.

    None where no such service is installed, or that is not known.
    """
    from daemon.system import unit

    try:
        text = (_UNITS / unit.NAME).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    ends = tuple(unit.config_argument(path) for path in (config.absolute(), config.resolve()))
    starts = [line for line in text.splitlines() if line.startswith("ExecStart=")]
    runs = any(line.endswith(ends) for line in starts)
    return _source(unit.NAME, systemd.PASSWORD_CREDENTIAL) if runs else None


def _outdated(copy: Path, named: str | None) -> str | None:
    service = copy.parent.name
    source = _source(service, copy.name)
    if named is not None and source is not None and Path(named).absolute() != source:
        from daemon.system.installation import command

        return (
            f"{named}: this service cannot read it and uses a copy of {source}; "
            f"run: {command('install-service', as_root=True)}"
        )
    file = source if named is None else Path(named)
    if file is not None and _changed_at(file) > _changed_at(copy):
        return (
            f"{file} has changed, but this service uses a copy from its start; "
            f"run: systemctl restart {service.removesuffix('.service')}"
        )
    return None


def _source(service: str, credential: str) -> Path | None:
    """The file that a unit's credential is copied from; None where that is not known."""
    found = None
    for file in (_UNITS / service, *sorted((_UNITS / f"{service}.d").glob("*.conf"))):
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        loaded = re.findall(rf"^LoadCredential={credential}:(.+)$", text, re.MULTILINE)
        found = loaded[-1] if loaded else found
    return None if found is None else Path(found.strip().replace("%%", "%"))


def _signatures(settings: "Settings") -> Iterator[tuple[str, tuple[str, int, int, int]]]:
    for key, name in _named(settings):
        try:
            found = Path(name).stat()
        except OSError:
            continue
        yield key, (name, found.st_ino, found.st_size, found.st_mtime_ns)


def _named(settings: "Settings") -> Iterator[tuple[str, str]]:
    tls = settings.mqtt.tls
    named = {"model.file": settings.model.file}
    if tls is not None:
        for key in ("ca_file", "certificate_file", "key_file"):
            named[f"mqtt.tls.{key}"] = getattr(tls, key)
    named |= {f"sources.{source.name}.ca_file": source.ca_file for source in settings.sources}
    return ((key, name) for key, name in named.items() if name is not None)


def _changed_at(file: Path) -> float:
    """When a file was last written or replaced; 0.0 where that cannot be seen."""
    try:
        return file.stat().st_ctime
    except OSError:
        return 0.0
