"""Proofs of the blueprints for practice, on messages of a place that the proofs make up."""

import json
import time
from functools import partial
from typing import Any

from daemon.hub import messages
from daemon.hub.companion.practice_messages import practice_now
from daemon.hub.controls import GOAL
from daemon.hub.home_assistant.discovery import discovery
from daemon.hub.messages import Message, Node, Playing
from daemon.practice.history.records import WeekRecord
from daemon.practice.now import Now
from daemon.practice.sessions import Diary
from daemon.practice.summary import Summary
from tests.home_assistant.blueprint_automations import PRACTICE_AUTOMATIONS, TUNED
from tests.home_assistant.house import FAMILIES, House
from tests.home_assistant.instance import HomeAssistant, within

PLACE = Node("tuned", TUNED, FAMILIES, "m", "v", shown=("guitar",))
NO_NOTE: dict[str, Any] = {"note": None, "notes": []}
LAMP_ENTITY = "light.tuning_lamp"
LAMP_CONFIG = "homeassistant/light/tuning_lamp/config"
LAMP = {
    "name": "Tuning lamp",
    "unique_id": "tuning_lamp",
    "command_topic": "proof/lamp",
    "brightness_command_topic": "proof/lamp/brightness",
    "rgb_command_topic": "proof/lamp/rgb",
}
GREEN, YELLOW, RED = [0, 255, 0], [255, 255, 0], [255, 0, 0]
STARTED = 1.78e9
SUMMARY = Summary(
    started=STARTED,
    ended=STARTED + 1500.0,
    minutes={"guitar": 21.5},
    notes=1840,
    in_tune=0.864,
    tempo_range=(84.0, 96.4),
    keys={"D minor": 2.0, "A major": 14.2},
)


def publish(house: House, message: Message) -> None:
    house.publish(message.topic, message.payload, retain=message.retain)


def publish_week(house: House, minutes: float, goal: int) -> None:
    """Publish the minutes of a week on the guitar, a tenth of it on the flute, and its goal."""
    families = {"flute": minutes * 6.0, "guitar": minutes * 54.0}
    diary = Diary("2026-06-07", 60.0, {"guitar": 60.0})
    publish(house, messages.practice(PLACE, diary, WeekRecord(minutes * 60.0, families)))
    publish(house, messages.setting(PLACE, GOAL.leaf, str(goal)))
    shown = (str(minutes), str(goal) if goal else "unknown")
    within(10, lambda: week_of(house.hub) == shown, f"{shown}, not {week_of(house.hub)}")


def week_of(hub: HomeAssistant) -> tuple[str | None, str | None]:
    names = ("minutes_this_week", "weekly_goal")
    minutes, goal = (hub.state(f"sensor.{TUNED}_{name}") for name in names)
    return minutes, goal


def notifications(hub: HomeAssistant) -> dict[str, str]:
    """Return the messages of all notifications by their ids."""
    listed = hub.ask("persistent_notification/get")
    return {entry["notification_id"]: entry["message"] for entry in listed}


def has_notification(hub: HomeAssistant, name: str, text: str) -> bool:
    return text in notifications(hub).get(name, "")


def announce_lamp(house: House) -> None:
    """Announce a lamp that takes colours."""
    house.publish(LAMP_CONFIG, json.dumps(LAMP).encode(), retain=True)
    within(20, lambda: house.hub.state(LAMP_ENTITY), "the lamp")


def remove_lamp(house: House) -> None:
    house.publish(LAMP_CONFIG, b"", retain=True)
    within(20, lambda: house.hub.state(LAMP_ENTITY) is None, "removal of the lamp")


def begin(house: House) -> None:
    """Announce the place and the lamp, and add the automations, once."""
    if house.hub.state(LAMP_ENTITY) is not None:
        return
    publish(house, messages.availability(PLACE, online=True))
    publish(house, discovery(PLACE))
    within(20, lambda: house.hub.state(f"sensor.{TUNED}_weekly_goal"), "the place")
    announce_lamp(house)
    house.hub.put("automations.yaml", house.automations + PRACTICE_AUTOMATIONS)
    house.hub.call("automation.reload")
    for name in ("tuning_lamp", "tempo_drift", "weekly_goal", "summary_of_the_week"):
        assert house.hub.state(f"automation.{name}") == "on", name
    # Home Assistant subscribes to topics together, a moment later.
    time.sleep(2)


def lamp_follows_the_tuning(house: House) -> str:
    """The lamp is green, yellow or red while notes sound, and as before afterwards."""
    begin(house)
    house.hub.call("light.turn_off", entity_id=LAMP_ENTITY)
    topic = f"timbrel/{TUNED}/practice/note"
    line = house.hub.socket()
    line.ask("subscribe_events", event_type="state_changed")
    for cents in (3.2, -4.9, -12.0, 14.0, 31.0, None):
        body = {"note": "A4", "midi": 69, "cents": cents, "notes": ["A4"]} if cents else NO_NOTE
        house.publish(topic, json.dumps(body).encode())
        time.sleep(1)
    changes = [change["data"]["new_state"] for change in line.events(5)]
    line.close()
    lamp = [s for s in changes if s is not None and s["entity_id"] == LAMP_ENTITY]
    shown = [s["attributes"]["rgb_color"] if s["state"] == "on" else "off" for s in lamp]
    assert shown == [GREEN, YELLOW, RED, "off"], shown
    return "green, yellow, red, off"


def lamp_returns_when_timbrel_stops(house: House) -> str:
    """Without further messages, the lamp is soon as it was before."""
    begin(house)
    hub = house.hub
    hub.call("light.turn_on", entity_id=LAMP_ENTITY, color_name="blue")
    body = {"note": "A4", "midi": 69, "cents": 1.0, "notes": ["A4"]}
    house.publish(f"timbrel/{TUNED}/practice/note", json.dumps(body).encode())
    within(5, lambda: hub.attributes(LAMP_ENTITY)["rgb_color"] == GREEN, "green")
    within(15, lambda: hub.attributes(LAMP_ENTITY)["rgb_color"] == [0, 0, 255], "blue")
    hub.call("light.turn_off", entity_id=LAMP_ENTITY)
    return "blue again"


def speaker_says_how_the_tempo_drifts(house: House) -> str:
    """A drift of 8 % is said once, not again within a minute, and not in silence."""
    begin(house)
    line = house.hub.socket()
    line.ask("subscribe_events", event_type="call_service")
    for playing, drift in ((False, 0.2), (True, 0.02), (True, None), (True, 0.083), (True, -0.2)):
        state = {"guitar": Playing(0.9, STARTED)} if playing else {}
        publish(house, messages.state(PLACE, state, -30.0, STARTED))
        expected = "on" if playing else "off"
        within(10, partial(is_playing, house.hub, expected), expected)
        now = practice_now(PLACE, Now(tempo_bpm=100.0, tempo_drift=drift))
        house.publish(now.topic, now.payload)
        time.sleep(1)
    calls = [event["data"] for event in line.events(5)]
    line.close()
    said = [call["service_data"] for call in calls if call["domain"] == "tts"]
    texts = [data["message"] for data in said]
    assert texts == ["You are 8 % faster than at the beginning."], texts
    assert said[0]["media_player_entity_id"] in ("media_player.speaker", ["media_player.speaker"])
    return str(texts[0])


def is_playing(hub: HomeAssistant, state: str) -> bool:
    return hub.state(f"binary_sensor.{TUNED}_playing") == state


def weekly_goal_reminds_kindly(house: House) -> str:
    """The reminder says what is missing; the goal is praised once; 0 minutes are no goal."""
    begin(house)
    hub, name = house.hub, "timbrel_weekly_goal"
    remind = partial(
        hub.call, "automation.trigger", entity_id="automation.weekly_goal", skip_condition=False
    )
    for minutes, goal, text in (
        (0.0, 120, "A few minutes today would be a good start"),
        (80.2, 120, "80 minutes of music so far, well played. 40 more until Sunday"),
    ):
        publish_week(house, minutes, goal)
        remind()
        within(10, partial(has_notification, hub, name, text), f"{text}: {notifications(hub)}")
    publish_week(house, 120.2, 120)
    text = "120 minutes of music this week: the goal is reached."
    within(10, partial(has_notification, hub, name, text), f"{text}: {notifications(hub)}")
    hub.call("persistent_notification.dismiss", notification_id=name)
    for minutes, goal in ((121.0, 120), (30.0, 0)):
        publish_week(house, minutes, goal)
        remind()
        time.sleep(2)
        assert name not in notifications(hub), notifications(hub)
    return "reminder, praise, none without a goal"


def week_is_summed_up(house: House) -> str:
    """The summary has the minutes of each instrument, the goal and the last session."""
    begin(house)
    hub, name = house.hub, "timbrel_week_summary"
    publish_week(house, 100.0, 120)
    publish(house, messages.practice_summary(PLACE, SUMMARY))
    within(10, lambda: hub.state(f"sensor.{TUNED}_last_practice") == "25.0", "the last session")
    hub.call("automation.trigger", entity_id="automation.summary_of_the_week", skip_condition=False)
    within(10, partial(has_notification, hub, name, "Guitar"), f"{notifications(hub)}")
    (entry,) = (e for e in hub.ask("persistent_notification/get") if e["notification_id"] == name)
    text = " ".join(entry["message"].split())
    assert entry["title"] == "This week: 100 minutes of music", entry
    for part in (
        "Guitar 90 min, flute 10 min.",
        "20 of 120 minutes are missing to the goal.",
        "25 min, 1840 notes, 86 % in tune, 84 to 96 bpm, mostly A major.",
    ):
        assert part in text, (part, text)
    return text


def the_made_up_place_goes(house: House) -> str:
    """The place and the lamp of these proofs are removed."""
    remove_lamp(house)
    house.publish(discovery(PLACE).topic, b"", retain=True)
    for leaf in ("availability", "practice", "practice_goal", "practice/summary", "state"):
        house.publish(f"timbrel/{TUNED}/{leaf}", b"", retain=True)
    within(20, lambda: not house.hub.of_node(TUNED), "removal")
    return "removed"
