"""Proofs of states and events while music plays."""

import json
import re
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from tests.conftest import MEDLEY, Watcher
from tests.home_assistant.house import (
    BINARY,
    EVENT,
    NODE,
    SENSOR,
    SHOWN,
    House,
    as_number,
)
from tests.home_assistant.instance import within

# The medley, 15 s until its last events end, and some seconds more.
MEDLEY_SECONDS = 115


def without_repeats(names: Iterable[str]) -> list[str]:
    """Return the sequence of states, starting with `none`, without repetitions."""
    following = ["none"]
    for name in names:
        if name != following[-1]:
            following.append(name)
    return following


def shows_the_medley(house: House) -> str:
    """All instruments are shown in the order in which they play, and each event once."""
    hub, line = house.hub, house.hub.socket()
    line.ask("subscribe_events", event_type="state_changed")
    with Watcher(house.broker.port) as watcher:
        playing = house.microphone.play(house.medley)
        changes = line.events(MEDLEY_SECONDS)
        assert playing.wait(10) == 0
        line.close()
        topic = f"timbrel/{NODE}/"
        states = [m.json for m in watcher.of(topic + "state") if not m.retained]
        sent = [m.json for m in watcher.of(topic + "event")]
        messages = [m for m in watcher.received if m.topic.startswith(topic) and not m.retained]

    def shown(entity_id: str) -> list[dict[str, Any]]:
        new_states = (c["data"] for c in changes if c["data"]["entity_id"] == entity_id)
        return [c["new_state"] for c in new_states]

    instruments = without_repeats(s["state"] for s in shown(SENSOR + "instrument"))
    expected = without_repeats(state["instrument"] for state in states)
    assert instruments == expected, (instruments, expected)
    passages = json.loads(MEDLEY.with_suffix(".json").read_text())["passages"]
    played = dict.fromkeys(p["what"] for p in passages if p["kind"] == "family")
    first_shown = dict.fromkeys(name for name in instruments if name != "none")
    assert list(first_shown) == list(played), instruments
    fired = shown(EVENT + "heard")
    assert len(fired) == len(sent) >= 8, (len(fired), len(sent))
    for state, event in zip(fired, sent, strict=True):
        attributes = state["attributes"]
        for key in ("event_type", "event_id", "family", "score", "onset"):
            assert attributes[key] == event[key], (key, attributes)
        assert attributes.get("duration_seconds") == event.get("duration_seconds")
    played_events = shown(EVENT + "played")
    assert len(played_events) == len(sent), (len(played_events), len(sent))
    for state, event in zip(played_events, sent, strict=True):
        attributes = state["attributes"]
        assert attributes["event_type"] == f"{event['family']}_{event['event_type']}"
        for key in event.keys() - {"event_type"}:
            assert attributes[key] == event[key], (key, attributes)
    drums = [s["state"] for s in shown(BINARY + "drums")]
    assert drums[:2] == ["on", "off"], drums
    within(40, lambda: hub.state(SENSOR + "session") == "unknown", "the session's end")
    last = hub.attributes(SENSOR + "last_session")
    assert "drums" in last["instruments"], last
    minutes = float(hub.state(SENSOR + "minutes_today") or "nan")
    assert 0.4 <= minutes <= 1.5, minutes
    kinds = Counter(message.topic.removeprefix(topic) for message in messages)
    counts = ", ".join(f"{count} {leaf}" for leaf, count in kinds.items())
    return (
        f"{' → '.join(instruments)}; {len(sent)} events, once each; {minutes} minutes; "
        f"{len(messages)} messages in {MEDLEY_SECONDS} s: {counts}"
    )


def activity_shows_every_event(house: House) -> str:
    """Home Assistant's activity shows each start and end, in order."""
    hub, entity_id = house.hub, EVENT + "played"
    newest = hub.attributes(entity_id)["event_type"]
    began = quote((datetime.now(UTC) - timedelta(minutes=15)).isoformat())
    rows = within(
        20,
        lambda: (
            (found := hub.get(f"/api/logbook/{began}?entity={entity_id}"))[-1]["state"]
            == hub.state(entity_id)
            and found
        ),
        "the newest event in the activity",
    )
    types = [row.get("attributes", {}).get("event_type") for row in rows]
    events = [row for row in rows if row["state"] not in {"unknown", "unavailable"}]
    assert len({row["state"] for row in events}) == len(events), events[:3]
    if house.version < (2026, 11):
        return f"{len(events)} rows; this version shows no event types there"
    named = [kind for kind in types if kind is not None]
    assert len(named) == len(events), rows
    assert named[-1] == newest
    assert all(re.fullmatch("[a-z_]+_(started|ended)", kind) for kind in named), named
    return f"{len(events)} rows: {', '.join(named[:4])} …"


def scores_are_current(house: House) -> str:
    """Scores are shown within five seconds, with fewer than thirty messages a minute."""
    hub, score = house.hub, SENSOR + "drums_score"
    for family in SHOWN:
        entity_id = f"{SENSOR}{family}_score"
        hub.ask("config/entity_registry/update", entity_id=entity_id, disabled_by=None)
    # Home Assistant loads its MQTT integration again 30 s later; Timbrel then publishes everything.
    time.sleep(25)
    with Watcher(house.broker.port) as watcher:
        watcher.wait_for(f"timbrel/{NODE}/mute", lambda m: not m.retained, 30)
    within(60, lambda: hub.state(score) not in {None, "unknown", "unavailable"}, "scores enabled")
    began = datetime.now(UTC)
    playing = house.microphone.play(house.long_drums)
    within(30, lambda: hub.state(BINARY + "drums") == "on", "drums")
    with Watcher(house.broker.port) as watcher:
        time.sleep(60)
        topic = f"timbrel/{NODE}/"
        messages = [m for m in watcher.received if m.topic.startswith(topic) and not m.retained]
    assert playing.wait(60) == 0
    silent = datetime.now(UTC)
    within(30, lambda: hub.state(BINARY + "drums") == "off", "the end of the drums")
    plays, scores = (hub.history(entity, began) for entity in (BINARY + "drums", score))
    on = next(at for state, at in plays if state == "on")
    highs = [at for state, at in scores if as_number(state) >= 0.5]
    low = next(at for state, at in scores if at > highs[-1] and as_number(state) < 0.5)
    shown_after = (highs[0] - on).total_seconds()
    fallen_after = (low - silent).total_seconds()
    assert shown_after <= 5.0, shown_after
    # The last window that contains drums ends 4 s after them.
    assert fallen_after <= 4.0 + 5.0, fallen_after
    assert len(messages) < 30, Counter(message.topic for message in messages)
    return (
        f"shown {shown_after:+.1f} s after drums are on, low {fallen_after:+.1f} s after them; "
        f"{len(messages)} messages in a minute of drums"
    )
