"""Files that are read, or copied by systemd, only when the daemon starts."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.system import systemd

if TYPE_CHECKING:
    from daemon.configuration.settings import MqttSettings, Settings

_UNITS = Path("/etc/systemd/system")

# Maps a setting's key to the name, inode, size in bytes and modification time in ns of its file.
Signatures = Mapping[str, tuple[str, int, int, int]]


def outdated_copies(
    mqtt: "MqttSettings", environment: Mapping[str, str] = os.environ
) -> Iterator[str]:
    """Yield a warning, with the remedy, for each copy that is older than the configured file.

    systemd copies the password and the key when the service starts; only the service's user and
    root can read a copy. There is no warning if the service can read the file itself, if there is
    no copy, or if the file's time cannot be read.
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
    """Return the signature of each file that is read only at the start, by its settings key.

    Files whose status cannot be read are left out.
    """
    return dict(_signatures(settings))


def changed_files(old: Signatures, new: Signatures) -> list[str]:
    """Return the keys whose file has the same name in both, but was written or replaced."""
    return [
        key for key in new if key in old and old[key][0] == new[key][0] and old[key] != new[key]
    ]


def is_service_installed() -> bool:
    """Return whether `install-service` has written a system unit."""
    from daemon.system import unit

    return (_UNITS / unit.NAME).exists()


def source_of_service(config: Path) -> Path | None:
    """Return the password file of the installed service that runs with this configuration.

    Return None if no such service is installed, or if its unit names no password file.
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
    """Return why a copy is outdated, with the remedy; None if it is current or that is unknown."""
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
    """Return the file that a unit's credential is copied from; None if no unit file names one."""
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
    named |= {f"web.models.{n}": file for n, file in enumerate(settings.web.models)}
    named |= {f"sources.{source.name}.ca_file": source.ca_file for source in settings.sources}
    return ((key, name) for key, name in named.items() if name is not None)


def _changed_at(file: Path) -> float:
    """Return when a file was last written or replaced (Unix time); 0.0 if that is unreadable."""
    try:
        return file.stat().st_ctime
    except OSError:
        return 0.0
