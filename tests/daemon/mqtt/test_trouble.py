"""Explanations of connection errors, and how often they are logged."""

import logging
import socket
import ssl
import time

import pytest

from daemon.configuration.settings import MqttSettings
from daemon.mqtt.trouble import explain
from daemon.system.limited_log import LimitedLog

SETTINGS = MqttSettings(host="hub.local")


@pytest.mark.parametrize(
    ("error", "words", "needs_user"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), "hub.local: name not found", True),
        (socket.gaierror(socket.EAI_AGAIN, "later"), "no name server answers", False),
        (ConnectionRefusedError(111, "refused"), "hub.local:1883 (is it running?)", False),
        (ssl.SSLError(1, "wrong version number"), "check mqtt.port and mqtt.tls", True),
        (TimeoutError("timed out"), "no connection to the broker at hub.local:1883: timed", False),
        (OSError(113, "No route to host"), "hub.local:1883: No route to host", False),
        (IndexError("index out of range"), "hub.local:1883: index out of range", False),
    ],
)
def test_explains_connection_errors(error: Exception, words: str, needs_user: bool) -> None:  # noqa: FBT001
    trouble = explain(error, SETTINGS)
    assert words in trouble.reason
    assert trouble.needs_user is needs_user


def test_repeated_line_is_logged_every_five_minutes_with_count(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    limited_log = LimitedLog(logging.getLogger("test"))
    for attempt in range(1, 901):
        now = 1000.0 + attempt
        limited_log.log(logging.ERROR, "no broker")
        if attempt % 2:
            limited_log.log(logging.ERROR, "no network")
    limited_log.reset()
    limited_log.log(logging.ERROR, "no broker")
    assert [record.message for record in caplog.records if "broker" in record.message] == [
        "no broker",
        "no broker (301 attempts)",
        "no broker (601 attempts)",
        "no broker",
    ]
    assert len(caplog.records) == 4 + 3
