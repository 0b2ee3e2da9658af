"""The broker's password, read again with the settings while the daemon runs."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from daemon.configuration.handed_files import outdated_copies
from daemon.configuration.settings import MqttSettings
from daemon.system.bounded_file import is_pipe

_FILE_KEY = "mqtt.password_file"


class Renewal(NamedTuple):
    """A password that was read again: what it changes, and why it may be the old one."""

    applied: Sequence[str] = ()
    doubts: Sequence[str] = ()
    use: Callable[[], None] = lambda: None
    """Have the link log in with it."""


class PasswordReload:
    """Knows the password in use; `use` has the link log in with another from now on."""

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

    def __call__(self, mqtt: MqttSettings) -> Renewal:
        """Read the password that these settings name; raises InputError for an unusable one.

        It is not read where it belongs to another login, which needs a restart, or comes from a
        pipe, which gives it once.
        """
        file = None if mqtt.password_file is None else Path(mqtt.password_file)
        if mqtt.username != self._mqtt.username or (file is not None and is_pipe(file)):
            return Renewal()
        copies = list(outdated_copies(mqtt))
        if any(line.startswith(_FILE_KEY) for line in copies):
            return Renewal(doubts=copies)
        password = self._read(mqtt)
        is_other = mqtt.password_file != self._mqtt.password_file
        applied = [_FILE_KEY] if is_other and (file is None or os.access(file, os.R_OK)) else []
        if password != self._password:
            applied.append("the broker's password")

        def use() -> None:
            self._mqtt, self._password = mqtt, password
            self._use(password)

        return Renewal(applied, copies, use)
