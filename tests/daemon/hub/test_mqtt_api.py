"""The API file is up to date and matches the messages that are sent."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest

from daemon.counters import Counters
from daemon.hearing.scorer import Heard
from daemon.hearing.tracker import EventEnded, EventStarted
from daemon.hub import messages, payloads
from daemon.hub.companion.practice_messages import practice_note, practice_now
from daemon.hub.controls import Chosen, Configured, Controls
from daemon.hub.home_assistant.discovery import discovery
from daemon.hub.messages import Message, Node
from daemon.hub.reporter import Reporter
from daemon.mqtt.outbox.outbox import Outbox
from daemon.practice.now import Now
from daemon.practice.sessions import Sessions
from tests.conftest import ROOT
from tests.daemon.observations import observed

NODE = Node("attic", "living", ("drums", "flute"), "m", "v", shown=("flute",))
TYPES = {
    "hearing": payloads.Hearing,
    "state": payloads.State,
    "event": payloads.EventBody,
    "late_event": payloads.EventBody,
    "practice": payloads.Practice,
    "last_session": payloads.LastSession,
    "practice_summary": payloads.PracticeSummary,
    "practice_now": payloads.PracticeNow,
    "practice_note": payloads.PracticeNote,
    "diagnostics": payloads.Diagnostics,
}


@pytest.fixture(scope="module")
def api() -> Any:
    return json.loads((ROOT / "docs" / "mqtt.json").read_text(encoding="utf-8"))


def evening() -> Iterator[Message]:
    """Yield every kind of message that a node publishes."""
    sent: list[Message] = []
    practice = Sessions(settle_seconds=10, gap_seconds=60, least_seconds=1)
    outbox = Outbox()
    hub = Reporter(NODE, sent.append, outbox, lambda at: 1e9 + at, sessions=practice)
    hub.sound_started()
    start = EventStarted("flute", 3.5, 7.0, 0.9)
    hub.observe(observed(Heard(7.0, -30.0, np.array([0.1, 0.9], np.float32)), [start], [start]))
    ended = EventEnded("flute", 3.5, 20.0, 0.1, 14.0, 0.95, reason="deaf")
    hub.observe(observed(Heard(20.0, -60.0, np.zeros(2, np.float32)), [], [ended]))
    hub.observe(observed(Heard(100.0, -60.0, np.zeros(2, np.float32)), [], []))
    hub.sound_lost("unplugged", 101.0, [])
    hub.sound_muted(102.0, [])
    hub.publish_diagnostics(Counters(inference_ms=3.14159))
    yield from sent
    for _, message, _ in outbox.take(10):
        yield from (message, messages.as_late(message))
    yield from hub.birth_messages(discovery=False)
    yield from Controls(NODE, Configured(-60.0, 6.0), Chosen()).echoes()
    yield practice_now(NODE, Now(a4_hz=441.16, dynamic="mf", genre={"jazz": 0.6}))
    yield practice_note(NODE, (69, 76), 69, -7.31, None)
    yield practice_note(NODE, (), None, None, None)


def channel_of(api: Any, topic: str) -> str:
    """Return the channel whose address matches the topic."""
    for name, channel in api["channels"].items():
        address = re.escape(channel["address"]).replace(r"\{", "{").replace(r"\}", "}")
        if re.fullmatch(re.sub(r"{(\w+)}", "[a-z]+", address), topic):
            return str(name)
    pytest.fail(f"no channel for {topic}")


def test_api_file_is_up_to_date() -> None:
    command = [sys.executable, "script/write-mqtt-api", "--check"]
    environment = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    assert done.returncode == 0, "run script/write-mqtt-api"


def test_api_lists_every_sent_message(api: Any) -> None:
    seen = set()
    for message in evening():
        name = channel_of(api, message.topic)
        seen.add(name)
        operation = api["operations"][name]
        assert operation["action"] == "send"
        assert operation["bindings"]["mqtt"] == {"qos": message.qos, "retain": message.retain}, name
    sends = {name for name, operation in api["operations"].items() if operation["action"] == "send"}
    assert seen == sends


def test_every_payload_matches_its_type(api: Any) -> None:
    for message in evening():
        kind = TYPES.get(channel_of(api, message.topic))
        if kind is not None:
            body = msgspec.json.decode(message.payload)
            assert body.keys() <= set(kind.__struct_fields__)
            assert msgspec.convert(body, kind)


def test_api_lists_exactly_the_accepted_commands(api: Any) -> None:
    taken = {channel_of(api, topic) for topic in Controls(NODE, Configured(None, 6.0)).topics}
    assert taken == {n for n, o in api["operations"].items() if o["action"] == "receive"}


def test_api_lists_every_topic_in_the_discovery(api: Any) -> None:
    text = discovery(NODE).payload.decode()
    topics = set(re.findall(r'"(timbrel/[^"]+)"', text))
    assert len(topics) > 15
    assert all(channel_of(api, topic) for topic in topics)
