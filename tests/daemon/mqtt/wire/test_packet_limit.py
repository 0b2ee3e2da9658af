"""The maximum packet size: stated by the broker, or inferred from lost connections."""

import pytest

from daemon.hub.messages import Message
from daemon.mqtt.wire.packet_limit import PacketLimit
from tests.daemon.scripted_broker import publication

DISCOVERY = Message("homeassistant/device/box/config", b"x" * 20_000, 1, retain=True)
OTHER = DISCOVERY._replace(topic="homeassistant/device/hall/config", payload=b"x" * 15_000)
EVENT = Message("timbrel/node/event", b"x" * 400, 1)


@pytest.mark.parametrize("size", [0, 100, 127, 128, 16_000, 16_383, 16_384])
@pytest.mark.parametrize("version", [4, 5])
def test_size_includes_all_headers(size: int, version: int) -> None:
    packet = publication(EVENT.topic, b"x" * size, version=version)
    message = EVENT._replace(payload=b"x" * size, qos=0)
    limit = PacketLimit()
    limit.connected(len(packet), properties=version == 5)
    assert limit.excess(message) is None
    limit.connected(len(packet) - 1, properties=version == 5)
    assert limit.excess(message) == f"the broker accepts {len(packet) - 1} bytes"


def test_large_message_is_excluded_after_two_lost_connections() -> None:
    limit = PacketLimit()
    limit.connection_lost([DISCOVERY, OTHER, EVENT])
    assert limit.excess(DISCOVERY) is None
    limit.connection_lost([DISCOVERY, EVENT])
    assert limit.excess(DISCOVERY) == "the broker closed the connection each time"
    assert limit.excess(OTHER) is None
    assert limit.excess(EVENT) is None


def test_small_messages_are_never_excluded() -> None:
    limit = PacketLimit()
    for _ in range(5):
        limit.connection_lost([EVENT])
        limit.connection_lost([])
    assert limit.excess(EVENT) is None


def test_acknowledgement_between_two_losses_resets_the_count() -> None:
    limit = PacketLimit()
    limit.connection_lost([DISCOVERY])
    limit.acknowledged(DISCOVERY)
    limit.connection_lost([DISCOVERY])
    assert limit.excess(DISCOVERY) is None


def test_retry_allows_message_again() -> None:
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
