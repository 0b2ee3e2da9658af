"""Why there is no connection to the broker, in words that name the thing and the remedy."""

import socket
import ssl
from typing import NamedTuple

from daemon.configuration.settings import MqttSettings


class Trouble(NamedTuple):
    """Why there is no connection, in words, and whether only the user can mend it."""

    reason: str
    users: bool


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
