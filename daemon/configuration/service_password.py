"""Find the broker's password for commands run by hand: the installed service's password."""

import os
from collections.abc import Mapping
from pathlib import Path

from daemon.configuration.password import PASSWORD_VARIABLE, read_password, read_password_file
from daemon.configuration.settings import MqttSettings
from daemon.configuration.startup_files import is_service_installed, source_of_service
from daemon.errors import InputError
from daemon.system import systemd, unit
from daemon.system.files.bounded_file import UnreadableError


def find_password(
    mqtt: MqttSettings, config: Path | None, environment: Mapping[str, str] = os.environ
) -> str | None:
    """Return the result of `read_password`, or else the password of the service with this `config`.

    An empty environment variable counts as unset. Raises InputError if a password file is
    configured or found but cannot be read or contains no usable password.
    """
    password = read_password(mqtt, environment)
    file = None if password else file_of_service(mqtt, config, environment)
    if file is None:
        return password
    try:
        return read_password_file(file) or None
    except UnreadableError as error:
        remedy = f"write only the broker's password there, or set {PASSWORD_VARIABLE}"
        reason = str(error)
        if not os.access(file, os.R_OK):
            reason = "this user cannot read it"
            remedy = f"run this command as root, or set {PASSWORD_VARIABLE}"
        raise InputError(
            f"mqtt.password_file: {file}: {reason}; "
            f"the installed service reads the broker's password from it: {remedy}"
        ) from None


def file_of_service(
    mqtt: MqttSettings, config: Path | None, environment: Mapping[str, str] = os.environ
) -> Path | None:
    """Return the password file of the service that uses the same `config`, readable or not.

    Return None if the settings name a password file or no user, if this process is the service
    itself, or if there is no such file.
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
    """Return the password file of the installed unit, or the default one if none is installed."""
    if is_service_installed():
        return source_of_service(config)
    return unit.PASSWORD if config.resolve() == unit.CONFIG.resolve() else None
