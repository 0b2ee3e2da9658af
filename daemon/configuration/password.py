"""The broker's password as a file or the environment holds it, and what is doubtful about it."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.configuration.yaml.nodes import decoded
from daemon.errors import InputError
from daemon.system import systemd
from daemon.system.bounded_file import UnreadableError, bounded_content
from daemon.system.printable import invisible

if TYPE_CHECKING:
    from daemon.configuration.settings import MqttSettings

PASSWORD_VARIABLE = "TIMBREL_MQTT_PASSWORD"  # noqa: S105
_MOST_BYTES = 64 * 1024
_SENT = "which would be sent as part of the password"
_DOUBTFUL = {
    r"\$\{[A-Za-z_]\w*\}|\{\{.*\}\}": "it names a variable, which is not replaced",
    r"(?i)\A(TIMBREL_MQTT_)?password *[:=]": f"it begins with a name, {_SENT}",
    r"\A[^:]+:\$[67]\$": "it is a line of the broker's own password file",
}
_MOST_SENT_BYTES = 65_535  # The length has two bytes in MQTT.


def read_password(mqtt: "MqttSettings", environment: Mapping[str, str] = os.environ) -> str | None:
    """The broker's password: from `password_file`, the service manager, or the environment.

    A file that only root can read counts when the manager handed over a copy of it. None without
    any password, "" for a `password_file` that is empty. Raises InputError, without the password,
    when the one that counts cannot be read or cannot be a password.
    """
    copy = systemd.credential(systemd.PASSWORD_CREDENTIAL, environment)
    file = mqtt.password_file
    if file is not None and (copy is None or os.access(file, os.R_OK)):
        return _named_password(file)
    if copy is not None and (handed := _named_password(str(copy))):
        return handed
    return _named_password(file) if file is not None else _given_password(environment)


def password_in(file: Path) -> str:
    """The password in a file: one line of UTF-8, or of UTF-16 that begins with a byte order mark.

    The byte order mark and the line end are no part of it; an empty file is the password "". Raises
    UnreadableError for a file that cannot be read or holds anything else.
    """
    try:
        text = decoded(bounded_content(file, _MOST_BYTES))
    except UnicodeDecodeError:
        raise UnreadableError("not text in UTF-8") from None
    return usable(text)


def usable(text: str) -> str:
    """The text without byte order mark and line end; raises UnreadableError for no password."""
    password = text.removeprefix("\ufeff").rstrip("\r\n")
    if "\n" in password or "\r" in password:
        raise UnreadableError("more than one line")
    if "\0" in password:
        raise UnreadableError("a NUL character in it")
    try:
        length = len(password.encode())
    except UnicodeEncodeError:
        # Python turns what is not UTF-8 in the environment into halves of surrogate pairs.
        raise UnreadableError("not text in UTF-8") from None
    if length > _MOST_SENT_BYTES:
        raise UnreadableError(f"longer than {_MOST_SENT_BYTES} bytes")
    return password


def is_sent(mqtt: "MqttSettings", password: str | None) -> bool:
    """Whether the broker gets a password that has any characters."""
    return bool(password) and mqtt.username is not None


def doubts(mqtt: "MqttSettings", password: str | None, file: Path | None = None) -> Iterator[str]:
    """Yield a line, with the remedy, for each reason why the broker will probably refuse it.

    `file` is where the password was read, if from a file.
    """
    if password and mqtt.username is None:
        yield "mqtt.username: missing, so that the password is not sent; name the user"
    if password is None or (fault := _doubt(password)) is None:
        return
    where = f"mqtt.password_file: {file}" if file else "the broker's password"
    yield f"{where}: {fault}; write only the broker's password there"


def _doubt(password: str) -> str | None:
    if not password:
        return "the file is empty"
    if not password.strip():
        return "it holds nothing but spaces"
    if password != password.strip():
        return f"it begins or ends with a space, {_SENT}"
    if password[0] in "\"'" and password[0] == password[-1] and len(password) > 1:
        return f"it stands in quotes, {_SENT}"
    if (character := invisible(password)) is not None:
        return f"it has an invisible character ({character}), {_SENT}"
    return next((fault for sign, fault in _DOUBTFUL.items() if re.search(sign, password)), None)


def _named_password(file: str) -> str:
    try:
        return password_in(Path(file))
    except UnreadableError as error:
        # Without a slash it may be the password itself, written here by mistake.
        name = f"{file}: " if "/" in file else ""
        raise InputError(
            f"mqtt.password_file: {name}{error}; "
            "name a file that contains only the broker's password, or remove mqtt.password_file "
            f"and set {PASSWORD_VARIABLE}"
        ) from None


def _given_password(environment: Mapping[str, str]) -> str | None:
    try:
        return usable(environment.get(PASSWORD_VARIABLE, "")) or None
    except UnreadableError as error:
        raise InputError(
            f"{PASSWORD_VARIABLE}: {error}; set it to the broker's password in UTF-8, or name a "
            "file that contains only the password as mqtt.password_file"
        ) from None
