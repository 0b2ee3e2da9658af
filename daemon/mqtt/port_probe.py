"""Identify a server that is not an MQTT broker by connecting with other protocols."""

import socket
import ssl
from contextlib import ExitStack

from daemon.configuration.settings import MqttSettings
from daemon.mqtt.wire.tls import tls_context

_SECONDS = 2.0
_REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_STATUS_LINE = b"HTTP/"


def probe_port(settings: MqttSettings) -> str | None:
    """Return the kind of server at the configured port, with the remedy; None if unknown.

    Takes some seconds at most. Sends no credentials.
    """
    try:
        if settings.tls is None and _expects_tls(settings):
            return "expects TLS; set mqtt.tls to {}, or mqtt.port to the port without TLS"
        if _answers_http(settings):
            return (
                "is a web server, or expects websockets; set mqtt.port to the broker's port for "
                "MQTT without websockets"
            )
    except OSError:
        return None
    return None


def _expects_tls(settings: MqttSettings) -> bool:
    # The certificate is not verified because no credentials are sent.
    unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    try:
        with _connection(settings) as plain, unverified.wrap_socket(plain):
            return True
    except ssl.SSLError as error:
        # An alert is an answer in TLS, for example to a client without a certificate.
        return "ALERT" in (error.reason or "")
    except OSError:
        return False


def _answers_http(settings: MqttSettings) -> bool:
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
