"""The broker's password for commands run by hand: the one that the installed service uses."""

import os
from collections.abc import Mapping
from pathlib import Path

from daemon.configuration.handed_files import is_service_installed, source_of_service
from daemon.configuration.password import PASSWORD_VARIABLE, password_in, read_password
from daemon.configuration.settings import MqttSettings
from daemon.errors import InputError
from daemon.system import systemd, unit
from daemon.system.bounded_file import UnreadableError


def find_password(
    mqtt: MqttSettings, config: Path | None, environment: Mapping[str, str] = os.environ
) -> str | None:
    """Return `read_password`, or else the password of the service that uses the same `config`.

    An empty environment variable counts as none. Raises InputError where a password file is named
    or known but cannot be read or holds no password.
    """
    password = read_password(mqtt, environment)
    file = None if password else file_of_service(mqtt, config, environment)
    if file is None:
        return password
    try:
        return password_in(file) or None
    except UnreadableError as error:
        remedy = f"write only the broker's password there, or set {PASSWORD_VARIABLE}"
        reason = str(error)
        if not os.access(file, os.R_OK):
            reason = "this user cannot read it"
            remedy = f"run this command as root, or set {PASSWORD_VARIABLE}"
        raise InputError(
            f"mqtt.password_file: {file}: {reason}; "
            f"the installed service takes the broker's password from it: {remedy}"
        ) from None


def file_of_service(
    mqtt: MqttSettings, config: Path | None, environment: Mapping[str, str] = os.environ
) -> Path | None:
    """Return the password file of the service that uses the same `config`, readable or not.

    None where the settings name a file of their own or no user, where this is the service itself,
    and where no such file is known or it is missing.
    """
    if mqtt.password_file is not None or mqtt.username is None or config is None:
        return None
    if systemd.credential(systemd.PASSWORD_CREDENTIAL, environment) is not None:
        return None  # This is the service itself, and its file is empty.
    file = _password_file(config)
    if file is None or (os.access(file.parent, os.X_OK) and not file.exists()):
        return None
    return file


def _password_file(config: Path) -> Path | None:
    """Where no unit is installed, that of the service with the default paths."""
    if is_service_installed():
        return source_of_service(config)
    return unit.PASSWORD if config.resolve() == unit.CONFIG.resolve() else None
