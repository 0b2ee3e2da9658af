"""How long a command waits for a slow, silent or absent broker."""

import threading
import time

import pytest

from daemon.commands import broker_wait
from daemon.commands.broker_wait import wait_for_broker
from daemon.errors import FailedError
from daemon.system.stop import Stop
from tests.daemon.mqtt.test_link import link_to
from tests.daemon.scripted_broker import ScriptedBroker


def test_waits_for_answer_to_attempt_in_progress() -> None:
    with ScriptedBroker(silence_seconds=2.0) as broker, link_to(broker.port) as link:
        wait_for_broker(link.connection, Stop(), 0.2)
        assert link.connection.count == 1


def test_times_out_if_broker_stays_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_wait, "_LONGEST_ANSWER_SECONDS", 1.0)
    began = time.monotonic()
    with (
        ScriptedBroker(silence_seconds=30.0) as broker,
        link_to(broker.port) as link,
        pytest.raises(FailedError, match="the broker does not answer"),
    ):
        wait_for_broker(link.connection, Stop(), 0.2)
    assert 1.0 <= time.monotonic() - began < 6.0


def test_retries_absent_broker_for_given_time() -> None:
    began = time.monotonic()
    with link_to(1) as link, pytest.raises(FailedError, match="no broker answers"):
        wait_for_broker(link.connection, Stop(), 1.0)
    assert 1.0 <= time.monotonic() - began < 6.0


def test_stop_request_ends_wait() -> None:
    stop = Stop()
    with ScriptedBroker(silence_seconds=30.0) as broker, link_to(broker.port) as link:
        timer = threading.Timer(0.5, stop.set)
        timer.start()
        began = time.monotonic()
        wait_for_broker(link.connection, stop, 20.0)
        assert time.monotonic() - began < 5.0
        assert link.connection.count == 0
        timer.join()
