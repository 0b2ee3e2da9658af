"""The box republishes everything after the hub's birth message."""

from pathlib import Path

import pytest
from paho.mqtt.publish import single

from tests.conftest import Mosquitto, Watcher
from tests.daemon.hub.test_retirement import Box, eventually


@pytest.mark.parametrize(
    ("mqtt", "topics"),
    [
        ({"discovery_prefix": "ha"}, ("homeassistant/status", "hub/born")),
        ({"discovery_prefix": "ha"}, ("ha/status", "hub/born")),
        ({"birth_topic": "hub/born"}, ("hub/born", "homeassistant/status")),
    ],
    ids=["default prefix", "own prefix", "birth_topic setting"],
)
def test_republishes_after_birth_message_on_subscribed_topic(
    mqtt: dict[str, str],
    topics: tuple[str, str],
    tmp_path: Path,
    broker: Mosquitto,
    watcher: Watcher,
) -> None:
    box = Box(tmp_path / "box", broker.port)
    box.settings["mqtt"] |= mqtt
    config = f"{mqtt.get('discovery_prefix', 'homeassistant')}/device/timbrel_house/config"

    def publish_birth(topic: str) -> None:
        single(topic, b"online", qos=1, hostname="127.0.0.1", port=broker.port)

    with box.running():
        watcher.wait_for("timbrel/house/practice")
        eventually(lambda: watcher.of(config))
        subscribed, ignored = topics
        publish_birth(subscribed)
        eventually(lambda: len(watcher.of(config)) == 2)
        publish_birth(ignored)
        with pytest.raises(AssertionError):
            eventually(lambda: len(watcher.of(config)) > 2, seconds=4)
