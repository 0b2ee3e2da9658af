"""Why there is no connection to the broker, in words that name the thing and the remedy."""

import logging
import socket
import ssl
import time
from typing import NamedTuple

from daemon.settings import MqttSettings

_REPEAT_SECONDS = 300.0


class Trouble(NamedTuple):
    """Why there is no connection, in words, and whether only the user can mend it."""

    reason: str
    users: bool


class _Said(NamedTuple):
    at: float
    attempts: int


class Repeats:
    """Logs a line at once when it is new, and again every five minutes with a count of attempts."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._said: dict[str, _Said] = {}

    def say(self, level: int, text: str) -> None:
        """Something happened, for the first time or again."""
        now = time.monotonic()
        last = self._said.get(text)
        if last is None:
            self._log.log(level, "%s", text)
            self._said[text] = _Said(now, 1)
            return
        attempts = last.attempts + 1
        if now - last.at >= _REPEAT_SECONDS:
            self._log.log(level, "%s (%d attempts)", text, attempts)
            last = _Said(now, attempts)
        self._said[text] = last._replace(attempts=attempts)

    def forget(self) -> None:
        """Things went well: whatever comes next is new."""
        self._said.clear()


def explain(error: Exception, settings: MqttSettings) -> Trouble:
    """Say what failed on the way to the broker and what the user can do."""
    where = f"{settings.host}:{settings.effective_port}"
    match error:
        case socket.gaierror(errno=socket.EAI_AGAIN):
            host = settings.host
            return Trouble(f"no name server answers for mqtt.host: {host}", users=False)
        case socket.gaierror():
            return Trouble(f"mqtt.host: {settings.host}: name not found; correct it", users=True)
        case ssl.SSLError():
            return Trouble(_of_tls(error, where), users=True)
        case UnicodeEncodeError():
            return Trouble(
                "mqtt.username, mqtt.client_id, mqtt.topic_prefix or the broker's password has "
                "characters that are not valid Unicode; correct it",
                users=True,
            )
        case ConnectionRefusedError():
            return Trouble(f"no broker answers at {where} (is it running?)", users=False)
    reason = getattr(error, "strerror", None) or str(error)
    return Trouble(f"no connection to the broker at {where}: {reason}", users=False)


def _of_tls(error: ssl.SSLError, where: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the broker at {where} shows a certificate that is not accepted "
            f"({error.verify_message}); set mqtt.tls.ca_file to its authority"
        )
    reason = getattr(error, "reason", None) or "handshake failed"
    return f"no TLS with the broker at {where} ({reason}); check mqtt.port and mqtt.tls"
