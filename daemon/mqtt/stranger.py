"""What answers at a port in place of an MQTT broker: found out by asking it in other protocols."""

import socket
import ssl
from contextlib import ExitStack

from daemon.configuration.settings import MqttSettings
from daemon.mqtt.wire.tls import tls_context

_SECONDS = 2.0
_REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_STATUS_LINE = b"HTTP/"


def stranger_at(settings: MqttSettings) -> str | None:
    """Return what kind of server answers, with the remedy; None where that is not known.

    Waits for at most some seconds. Nothing secret is sent.
    """
    try:
        if settings.tls is None and _expects_tls(settings):
            return "expects TLS; set mqtt.tls to {}, or mqtt.port to the port without TLS"
        if _speaks_http(settings):
            return (
                "is a web server, or expects websockets; set mqtt.port to the broker's port for "
                "MQTT without websockets"
            )
    except OSError:
        return None
    return None


def _expects_tls(settings: MqttSettings) -> bool:
    # The certificate is not verified because no secret is sent.
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    try:
        with _connection(settings) as plain, anybody.wrap_socket(plain):
            return True
    except ssl.SSLError as error:
        # An alert is an answer in TLS, for example to a client without a certificate.
        return "ALERT" in (error.reason or "")
    except OSError:
        return False


def _speaks_http(settings: MqttSettings) -> bool:
    with ExitStack() as stack:
        connection = stack.enter_context(_connection(settings))
        if settings.tls is not None:
            context = tls_context(settings.tls)
            connection = stack.enter_context(
                context.wrap_socket(connection, server_hostname=settings.host)
            )
        connection.sendall(_REQUEST)
        answer = b""
        while len(answer) < len(_STATUS_LINE) and (piece := connection.recv(64)):
            answer += piece
        return answer.startswith(_STATUS_LINE)


def _connection(settings: MqttSettings) -> socket.socket:
    return socket.create_connection((settings.host, settings.effective_port), _SECONDS)
