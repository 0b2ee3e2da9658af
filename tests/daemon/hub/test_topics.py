"""The list of a node's topics, compared with the messages that it sends."""

from dataclasses import replace

from daemon.hub.home_assistant.discovery import discovery
from daemon.hub.messages import availability
from daemon.hub.topics import discovery_topics, retained_topics
from tests.daemon.hub.test_mqtt_api import NODE, evening


def test_lists_every_retained_topic_of_a_node() -> None:
    of_box = availability(NODE, online=True).topic
    sent = {message.topic for message in evening() if message.retain} - {of_box}
    sent.add(availability(replace(NODE, box=NODE.name), online=True).topic)
    listed = retained_topics(NODE.topic_prefix, NODE.name, NODE.shown)
    assert sorted(sent) == sorted(listed)


def test_lists_the_discovery_topic() -> None:
    assert discovery(NODE).topic in discovery_topics(
        NODE.discovery_prefix, NODE.name, NODE.topic_prefix
    )
