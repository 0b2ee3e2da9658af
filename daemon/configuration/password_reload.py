"""Read the broker's password again when the settings are reloaded."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from daemon.configuration.settings import MqttSettings
from daemon.configuration.startup_files import outdated_copies
from daemon.system.files.bounded_file import is_pipe

_FILE_KEY = "mqtt.password_file"


class ReloadedPassword(NamedTuple):
    """The result of reading the password again."""

    applied: Sequence[str] = ()
    """The settings that `use` puts into effect, for the log."""
    warnings: Sequence[str] = ()
    """A line for each reason why the password may still be the old one."""
    use: Callable[[], None] = lambda: None
    """Make the link log in with the password from now on."""


class PasswordReload:
    """Reads the password again and compares it with the one in use.

    `use` is called with a new password; it makes the link log in with it.
    """

    def __init__(
        self,
        mqtt: MqttSettings,
        password: str | None,
        read: Callable[[MqttSettings], str | None],
        use: Callable[[str | None], None],
    ) -> None:
        self._mqtt = mqtt
        self._password = password
        self._read = read
        self._use = use

    def __call__(self, mqtt: MqttSettings) -> ReloadedPassword:
        """Read the password that `mqtt` names; raises InputError if it is unusable.

        The password is not read if the user name has changed, which needs a restart, or if it
        comes from a pipe, which can be read only once.
        """
        file = None if mqtt.password_file is None else Path(mqtt.password_file)
        if mqtt.username != self._mqtt.username or (file is not None and is_pipe(file)):
            return ReloadedPassword()
        copies = list(outdated_copies(mqtt))
        if any(line.startswith(_FILE_KEY) for line in copies):
            return ReloadedPassword(warnings=copies)
        password = self._read(mqtt)
        is_other = mqtt.password_file != self._mqtt.password_file
        applied = [_FILE_KEY] if is_other and (file is None or os.access(file, os.R_OK)) else []
        if password != self._password:
            applied.append("the broker's password")

        def use() -> None:
            self._mqtt, self._password = mqtt, password
            self._use(password)

        return ReloadedPassword(applied, copies, use)
