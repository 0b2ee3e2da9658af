"""Why there is no connection to the broker, in words that name the thing and the remedy."""

import socket
import ssl
from typing import NamedTuple

from daemon.settings import MqttSettings


class Trouble(NamedTuple):
    """Why there is no connection, in words, and whether only the user can mend it."""

    reason: str
    users: bool


def explain(error: Exception, settings: MqttSettings) -> Trouble:
    """Say what failed on the way to the broker and what the user can do."""
    where = f"{settings.host}:{settings.effective_port}"
    match error:
        case socket.gaierror():
            return Trouble(f"mqtt.host: {settings.host}: name not found; correct it", users=True)
        case ssl.SSLCertVerificationError():
            return Trouble(
                f"the broker at {where} shows a certificate that is not accepted "
                f"({error.verify_message}); set mqtt.tls.ca_file to its authority",
                users=True,
            )
        case ssl.SSLError():
            return Trouble(
                f"no TLS with the broker at {where} ({error.reason or 'handshake failed'}); "
                "check mqtt.port and mqtt.tls",
                users=True,
            )
        case ConnectionRefusedError():
            return Trouble(f"no broker answers at {where}; is it running?", users=False)
    reason = getattr(error, "strerror", None) or str(error)
    return Trouble(f"no connection to the broker at {where}: {reason}", users=False)
