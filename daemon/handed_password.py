"""The copy of the broker's password that systemd hands to the service, and where it comes from."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from daemon import systemd

if TYPE_CHECKING:
    from daemon.settings import MqttSettings

_UNITS = Path("/etc/systemd/system")
_LOADED = re.compile(rf"^LoadCredential={systemd.PASSWORD_CREDENTIAL}:(.+)$", re.MULTILINE)


def outdated(mqtt: "MqttSettings", environment: Mapping[str, str] = os.environ) -> str | None:
    """Why this service's copy is not the password that is configured now, with the remedy.

    None where no difference can be seen, where the service reads the file itself, and without a
    copy. The copy is made when the service starts; only its user and root can read it.
    """
    copy = systemd.credential(systemd.PASSWORD_CREDENTIAL, environment)
    named = None if mqtt.password_file is None else Path(mqtt.password_file)
    if copy is None or (named is not None and os.access(named, os.R_OK)):
        return None
    service = copy.parent.name
    source = _source(service)
    if named is not None and source is not None and named.absolute() != source:
        from daemon.installation import command

        return (
            f"mqtt.password_file: {named}: this service cannot read it and uses a copy of "
            f"{source}; run: {command('install-service', as_root=True)}"
        )
    file = named or source
    if file is not None and _changed_at(file) > _changed_at(copy):
        return (
            f"mqtt.password_file: {file} has changed, but this service uses a copy from its start; "
            f"run: systemctl restart {service.removesuffix('.service')}"
        )
    return None


def source_of_service(config: Path) -> Path | None:
    """The file that the password of the installed service with this configuration is copied from.

    None where no such service is installed, or that is not known.
    """
    from daemon import unit

    try:
        text = (_UNITS / unit.NAME).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    ends = tuple(str(path).replace("%", "%%") for path in (config.absolute(), config.resolve()))
    runs = any(
        line.rstrip('"').endswith(ends) for line in text.splitlines() if "ExecStart=" in line
    )
    return _source(unit.NAME) if runs else None


def _source(name: str) -> Path | None:
    """The file that a unit's password is copied from; None where that is not known."""
    found = None
    for file in (_UNITS / name, *sorted((_UNITS / f"{name}.d").glob("*.conf"))):
        try:
            loaded = _LOADED.findall(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            continue
        found = loaded[-1] if loaded else found
    return None if found is None else Path(found.strip().replace("%%", "%"))


def _changed_at(file: Path) -> float:
    """When a file was last written or replaced; 0.0 where that cannot be seen."""
    try:
        return file.stat().st_ctime
    except OSError:
        return 0.0
