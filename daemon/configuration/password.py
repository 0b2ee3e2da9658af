"""Read the broker's password from a file or the environment, and warn about likely mistakes."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.configuration.yaml.nodes import decoded
from daemon.errors import InputError
from daemon.system import systemd
from daemon.system.files.bounded_file import UnreadableError, bounded_content
from daemon.system.printable import first_invisible

if TYPE_CHECKING:
    from daemon.configuration.settings import MqttSettings

PASSWORD_VARIABLE = "TIMBREL_MQTT_PASSWORD"  # noqa: S105
_MOST_BYTES = 64 * 1024
_SENT = "which would be sent as part of the password"
_LIKELY_MISTAKES = {
    r"\$\{[A-Za-z_]\w*\}|\{\{.*\}\}": "it contains a variable, which is not expanded",
    r"(?i)\A(TIMBREL_MQTT_)?password *[:=]": f"it begins with a name, {_SENT}",
    r"\A[^:]+:\$[67]\$": "it is a line of the broker's own password file",
}
_MOST_SENT_BYTES = 65_535  # MQTT stores the length in two bytes.


def read_password(mqtt: "MqttSettings", environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the broker's password from `password_file`, the service manager or the environment.

    If this user cannot read `password_file`, the service manager's copy of it is used. Return None
    if there is no password, and "" if `password_file` is empty. Raises InputError if the source
    cannot be read or does not contain a usable password; the message never contains the password.
    """
    copy = systemd.credential(systemd.PASSWORD_CREDENTIAL, environment)
    file = mqtt.password_file
    if file is not None and (copy is None or os.access(file, os.R_OK)):
        return _named_password(file)
    if copy is not None and (handed := _named_password(str(copy))):
        return handed
    return _named_password(file) if file is not None else _given_password(environment)


def read_password_file(file: Path) -> str:
    """Return the password in a file with one line of UTF-8, or of UTF-16 with a byte order mark.

    The byte order mark and the line end are removed; an empty file gives "". Raises
    UnreadableError if the file cannot be read or contains anything else.
    """
    try:
        text = decoded(bounded_content(file, _MOST_BYTES))
    except UnicodeDecodeError:
        raise UnreadableError("not text in UTF-8") from None
    return clean_password(text)


def clean_password(text: str) -> str:
    """Return `text` without byte order mark and line end.

    Raises UnreadableError if it cannot be sent as a password.
    """
    password = text.removeprefix("\ufeff").rstrip("\r\n")
    if "\n" in password or "\r" in password:
        raise UnreadableError("more than one line")
    if "\0" in password:
        raise UnreadableError("contains a NUL character")
    try:
        length = len(password.encode())
    except UnicodeEncodeError:
        # In environment variables, Python replaces bytes that are not UTF-8 by lone surrogates.
        raise UnreadableError("not text in UTF-8") from None
    if length > _MOST_SENT_BYTES:
        raise UnreadableError(f"longer than {_MOST_SENT_BYTES} bytes")
    return password


def is_password_sent(mqtt: "MqttSettings", password: str | None) -> bool:
    """Return whether a password that is not empty is sent to the broker."""
    return bool(password) and mqtt.username is not None


def password_warnings(
    mqtt: "MqttSettings", password: str | None, file: Path | None = None
) -> Iterator[str]:
    """Yield a line, with the remedy, for each reason why the broker will probably refuse it.

    `file` is the file that the password was read from, if any.
    """
    if password and mqtt.username is None:
        yield "mqtt.username: missing, so the password is not sent; set mqtt.username"
    if password is None or (fault := _likely_mistake(password)) is None:
        return
    where = f"mqtt.password_file: {file}" if file else "the broker's password"
    yield f"{where}: {fault}; write only the broker's password there"


def _likely_mistake(password: str) -> str | None:
    if not password:
        return "the file is empty"
    if not password.strip():
        return "it contains only spaces"
    if password != password.strip():
        return f"it begins or ends with a space, {_SENT}"
    if password[0] in "\"'" and password[0] == password[-1] and len(password) > 1:
        return f"it is in quotes, {_SENT}"
    if (character := first_invisible(password)) is not None:
        return f"it has an invisible character ({character}), {_SENT}"
    found = (fault for sign, fault in _LIKELY_MISTAKES.items() if re.search(sign, password))
    return next(found, None)


def _named_password(file: str) -> str:
    try:
        return read_password_file(Path(file))
    except UnreadableError as error:
        # A name without a slash may be the password itself, written here by mistake.
        name = f"{file}: " if "/" in file else ""
        raise InputError(
            f"mqtt.password_file: {name}{error}; "
            "name a file that contains only the broker's password, or remove mqtt.password_file "
            f"and set {PASSWORD_VARIABLE}"
        ) from None


def _given_password(environment: Mapping[str, str]) -> str | None:
    try:
        return clean_password(environment.get(PASSWORD_VARIABLE, "")) or None
    except UnreadableError as error:
        raise InputError(
            f"{PASSWORD_VARIABLE}: {error}; set it to the broker's password in UTF-8, or name a "
            "file that contains only the password as mqtt.password_file"
        ) from None
