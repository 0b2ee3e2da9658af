"""How large a message may be: what a broker states, and what its hanging up shows."""

import pytest

from daemon.hub.messages import Message
from daemon.mqtt.wire.packet_limit import PacketLimit
from tests.daemon.scripted_broker import publication

DISCOVERY = Message("homeassistant/device/box/config", b"x" * 20_000, 1, retain=True)
OTHER = DISCOVERY._replace(topic="homeassistant/device/hall/config", payload=b"x" * 15_000)
EVENT = Message("timbrel/node/event", b"x" * 400, 1)


@pytest.mark.parametrize("size", [0, 100, 127, 128, 16_000, 16_383, 16_384])
@pytest.mark.parametrize("version", [4, 5])
def test_size_is_that_of_the_packet(size: int, version: int) -> None:
    packet = publication(EVENT.topic, b"x" * size, version=version)
    message = EVENT._replace(payload=b"x" * size, qos=0)
    limit = PacketLimit()
    limit.connected(len(packet), properties=version == 5)
    assert limit.excess(message) is None
    limit.connected(len(packet) - 1, properties=version == 5)
    assert limit.excess(message) == f"the broker accepts {len(packet) - 1} bytes"


def test_two_losses_in_a_row_show_that_a_large_message_is_too_large() -> None:
    limit = PacketLimit()
    limit.connection_lost([DISCOVERY, OTHER, EVENT])
    assert limit.excess(DISCOVERY) is None
    limit.connection_lost([DISCOVERY, EVENT])
    assert limit.excess(DISCOVERY) == "the broker closed the connection each time"
    assert limit.excess(OTHER) is None
    assert limit.excess(EVENT) is None


def test_losses_with_small_messages_alone_show_nothing() -> None:
    limit = PacketLimit()
    for _ in range(5):
        limit.connection_lost([EVENT])
        limit.connection_lost([])
    assert limit.excess(EVENT) is None


def test_acknowledgement_between_two_losses_clears_the_message() -> None:
    limit = PacketLimit()
    limit.connection_lost([DISCOVERY])
    limit.acknowledged(DISCOVERY)
    limit.connection_lost([DISCOVERY])
    assert limit.excess(DISCOVERY) is None


def test_message_is_tried_again_on_request() -> None:
    limit = PacketLimit()
    limit.retry()
    limit.connection_lost([DISCOVERY])
    limit.connection_lost([DISCOVERY])
    limit.retry()
    assert limit.excess(DISCOVERY) is None
    limit.connection_lost([DISCOVERY])
    assert limit.excess(DISCOVERY) is not None, "one loss is enough the second time"
    limit.retry()
    limit.acknowledged(DISCOVERY)
    limit.connection_lost([DISCOVERY])
    assert limit.excess(DISCOVERY) is None
