"""The broker's password for commands run by hand: the one that the installed service uses."""

import os
from collections.abc import Mapping
from pathlib import Path

from daemon import systemd, unit
from daemon.errors import InputError
from daemon.handed_files import is_service_installed, source_of_service
from daemon.settings import PASSWORD_VARIABLE, MqttSettings, read_password


def find_password(
    mqtt: MqttSettings, config: Path | None, environment: Mapping[str, str] = os.environ
) -> str | None:
    """Return `read_password`, or else the password of the service that uses the same `config`.

    Raises InputError where a password file is named or known but cannot be read.
    """
    password = read_password(mqtt, environment)
    if password or mqtt.password_file is not None or mqtt.username is None or config is None:
        return password
    if systemd.credential(systemd.PASSWORD_CREDENTIAL, environment) is not None:
        return password  # This is the service itself, and its file is empty.
    file = _password_file(config)
    if file is None:
        return password
    if os.access(file.parent, os.X_OK) and not file.exists():
        return password
    try:
        return read_password(MqttSettings(password_file=str(file)), {}) or None
    except InputError as error:
        reason = str(error) if os.access(file, os.R_OK) else f"{file}: this user cannot read it"
        raise InputError(
            f"{reason}; the installed service takes the broker's password from it: "
            f"run this command as root, or set {PASSWORD_VARIABLE}"
        ) from None


def service_has_password(mqtt: MqttSettings, config: Path) -> bool:
    """Return whether the service with this `config` has a password of its own, readable or not."""
    if mqtt.password_file is not None:
        return False
    try:
        return bool(find_password(mqtt, config))
    except InputError:
        return True


def _password_file(config: Path) -> Path | None:
    """Where no unit is installed, that of the service with the default paths."""
    if is_service_installed():
        return source_of_service(config)
    return unit.PASSWORD if config.resolve() == unit.CONFIG.resolve() else None
