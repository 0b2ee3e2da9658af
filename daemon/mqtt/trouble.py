"""Explain why there is no connection to the broker, naming the cause and the remedy."""

import socket
import ssl
from typing import NamedTuple

from daemon.configuration.settings import MqttSettings


class Trouble(NamedTuple):
    """Why there is no connection to the broker."""

    reason: str
    """One sentence for the log, with the remedy if there is one."""
    needs_user: bool
    """True if only the user can fix it."""


def explain(error: Exception, settings: MqttSettings) -> Trouble:
    """Return what failed while connecting to the broker, and the remedy."""
    where = f"{settings.host}:{settings.effective_port}"
    match error:
        case socket.gaierror(errno=socket.EAI_AGAIN):
            host = settings.host
            return Trouble(f"no name server answers for mqtt.host: {host}", needs_user=False)
        case socket.gaierror():
            reason = f"mqtt.host: {settings.host}: name not found; correct it"
            return Trouble(reason, needs_user=True)
        case ssl.SSLError():
            return Trouble(_of_tls(error, where), needs_user=True)
        case UnicodeEncodeError():
            return Trouble(
                "mqtt.username, mqtt.client_id, mqtt.topic_prefix or the broker's password "
                "contains characters that are not valid Unicode; correct it",
                needs_user=True,
            )
        case ConnectionRefusedError():
            return Trouble(f"no broker answers at {where} (is it running?)", needs_user=False)
    reason = getattr(error, "strerror", None) or str(error)
    return Trouble(f"no connection to the broker at {where}: {reason}", needs_user=False)


def _of_tls(error: ssl.SSLError, where: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the broker at {where} presents a certificate that is not accepted "
            f"({error.verify_message}); set mqtt.tls.ca_file to its authority"
        )
    reason = getattr(error, "reason", None) or "handshake failed"
    return f"no TLS with the broker at {where} ({reason}); check mqtt.port and mqtt.tls"
