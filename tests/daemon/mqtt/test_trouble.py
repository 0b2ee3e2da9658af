"""The words for what keeps us from the broker, and how often they are said."""

import logging
import socket
import ssl
import time

import pytest

from daemon.configuration.settings import MqttSettings
from daemon.mqtt.trouble import explain
from daemon.system.repeats import Repeats

SETTINGS = MqttSettings(host="hub.local")


@pytest.mark.parametrize(
    ("error", "words", "users"),
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
def test_troubles_are_told_apart(error: Exception, words: str, users: bool) -> None:  # noqa: FBT001
    trouble = explain(error, SETTINGS)
    assert words in trouble.reason
    assert trouble.needs_user is users


def test_a_line_is_said_at_once_and_again_every_five_minutes_with_a_count(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    repeats = Repeats(logging.getLogger("test"))
    for attempt in range(1, 901):
        now = 1000.0 + attempt
        repeats.say(logging.ERROR, "no broker")
        if attempt % 2:
            repeats.say(logging.ERROR, "no network")
    repeats.forget()
    repeats.say(logging.ERROR, "no broker")
    assert [record.message for record in caplog.records if "broker" in record.message] == [
        "no broker",
        "no broker (301 attempts)",
        "no broker (601 attempts)",
        "no broker",
    ]
    assert len(caplog.records) == 4 + 3
