"""Brokers that refuse events at random or send damaged packets, and what the link must ensure."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from daemon.configuration.settings import MqttSettings
from daemon.hub.board import Board
from daemon.hub.messages import Message
from daemon.mqtt import delivery, protocol_choice
from daemon.mqtt import link as mqtt_link
from daemon.mqtt.connection import Connection
from daemon.mqtt.incoming import Subscriber
from daemon.mqtt.link import Link
from daemon.mqtt.outbox import event_queue
from daemon.mqtt.outbox.outbox import Outbox
from daemon.mqtt.refusals import is_final, is_refusal
from tests.daemon.scripted_broker import (
    CONNACK,
    PUBACK,
    PUBLISH,
    SUBACK,
    Published,
    ScriptedBroker,
    packet,
    publication,
)

_EVENTS = 12
_SECONDS = 15.0
_EVENT, _COMMAND = "timbrel/node/event", "timbrel/node/mute/set"
_OFFLINE = Message("timbrel/box/availability", b"offline", 1, retain=True)

# The packets of a broker of MQTT 5 in an ordinary session.
SESSION = b"".join(
    [
        packet(CONNACK, b"\x00\x00\x08\x21\x00\x0a\x27\x00\x00\xff\xff"),
        packet(SUBACK, b"\x00\x01\x00\x01"),
        publication(_COMMAND, b"ON", version=5),
        packet(PUBLISH, b"\x00\x15timbrel/node/mute/set\x00\x09\x00OFF", 0b0010),
        packet(PUBACK, b"\x00\x02"),
        packet(PUBACK, b"\x00\x03\x97\x05\x1f\x00\x02no"),
        b"\xd0\x00",
    ]
)


@contextmanager
def _short_pauses() -> Iterator[None]:
    """Shorten all pauses to milliseconds."""
    with (
        patch.multiple(event_queue, _FIRST_PAUSE_SECONDS=0.001, _LONGEST_PAUSE_SECONDS=0.002),
        patch.multiple(delivery, _FIRST_RETRY_SECONDS=0.001, _LONGEST_RETRY_SECONDS=0.002),
        patch.multiple(mqtt_link, _FIRST_PAUSE_SECONDS=0.001, _LONGEST_PAUSE_SECONDS=0.002),
        patch.multiple(protocol_choice, _ANSWER_SECONDS=0.5),
    ):
        yield


@contextmanager
def _link(port: int, outbox: Outbox) -> Iterator[Link]:
    online = _OFFLINE._replace(payload=b"online")
    settings, board = MqttSettings(host="127.0.0.1", port=port), Board()
    board.post(online)
    link = Link(
        settings,
        None,
        board,
        outbox,
        Connection(settings),
        client_id="box",
        will=_OFFLINE,
        commands=Subscriber([_COMMAND], lambda *_: None),
    )
    with link:
        yield link


def check_refusals(content: bytes, _path: Path) -> bool:
    """Answer events with these reason codes; none is lost, or sent again once accepted."""
    codes = iter(content)
    accepted, finals, sent = list[int](), list[int](), list[int]()

    def answer(message: Published) -> int:
        if message.topic != _EVENT:
            return next(codes, 0)
        number, code = json.loads(message.payload), next(codes, 0)
        sent.append(number)
        if not is_refusal(code):
            accepted.append(number)
        elif is_final(code):
            finals.append(number)
        return code

    outbox = Outbox()
    with _short_pauses(), ScriptedBroker(answer) as broker, _link(broker.port, outbox) as link:
        assert link.connection.wait(_SECONDS)
        link.board.post(Message("timbrel/node/hearing", b"{}", 1, retain=True))
        for number in range(_EVENTS):
            outbox.put(Message(_EVENT, b"%d" % number, 1), str(number))
        assert link.flush(_SECONDS) == 0, "an event was not sent"
        assert link.connection.count == 1
    assert sorted(accepted + finals) == list(range(_EVENTS)), "an event was lost or accepted twice"
    assert list(dict.fromkeys(sent)) == list(range(_EVENTS)), "events were reordered"
    assert outbox.dropped == len(finals)
    return not finals


def check_broker(content: bytes, _path: Path) -> bool:
    """Send these bytes to a link; it must survive and deliver to the next broker.

    Returns whether the bytes were accepted as a successful CONNACK.
    """
    outbox = Outbox()
    outbox.put(Message(_EVENT, b"1", 1), "1")
    with _short_pauses(), socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        with _link(port, outbox) as link:
            connection, _ = server.accept()
            with connection:
                _send(connection, content)
            was_accepted = link.connection.count > 0
            _serve_normally(server, link)
    return was_accepted


def _send(connection: socket.socket, content: bytes) -> None:
    """Send the bytes and wait for the other side to disconnect, which it may do at any time."""
    connection.settimeout(_SECONDS)
    try:
        connection.recv(1)
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):
            pass
    except TimeoutError:
        raise
    except OSError:
        return


def _serve_normally(server: socket.socket, link: Link) -> None:
    """Run a well-behaved broker until the link has delivered its event."""
    with ScriptedBroker(server=server) as broker:
        deadline = time.monotonic() + _SECONDS
        while not broker.of(_EVENT) and not broker.of(f"{_EVENT}/late"):
            if link.flush(0.0) == 0:
                return
            assert link._thread in threading.enumerate(), "the link's thread has ended"
            assert time.monotonic() < deadline, "the link does not reconnect"
            time.sleep(0.001)
