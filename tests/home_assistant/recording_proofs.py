"""Proofs of the practice companion on real recordings through the virtual microphone."""

import os
import time
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from daemon.sound.sound_file import read_sound
from tests.conftest import Watcher
from tests.home_assistant.blueprint_automations import tuning_lamp
from tests.home_assistant.house import NODE, SENSOR, SWITCH, House
from tests.home_assistant.instance import within
from tests.home_assistant.practice_proofs import (
    GREEN,
    LAMP_ENTITY,
    RED,
    YELLOW,
    announce_lamp,
    remove_lamp,
)

RECORDINGS = (
    "strings-admira-classic",
    "strings-yamaha-acoustic-iphone-11",
    "strings-guitar-1",
    "bach10-01-violin",
)
"""Of `TIMBREL_PRACTICE`: the open strings of three guitars, one after another, and a violin."""

LEVEL_DBFS = -26.0
ENDS_AFTER_SECONDS = 25.0
"""How long after the sound the last event and its messages can take."""


def joined(folder: Path, target: Path) -> float:
    """Write the recordings one after another, equally loud; return their length in seconds."""
    sounds = [read_sound(str(folder / "audio" / f"{name}.opus")) for name in RECORDINGS]
    levels = [10 ** (LEVEL_DBFS / 20) / np.sqrt(np.mean(sound**2)) for sound in sounds]
    sound = np.concatenate([s * gain for s, gain in zip(sounds, levels, strict=True)])
    soundfile.write(target, np.clip(sound, -1.0, 1.0), 16_000)
    return len(sound) / 16_000


def colours_of(notes: list[dict[str, Any]]) -> list[str]:
    """Return the states that a lamp has to pass through while these messages arrive."""
    states = ["off"]
    for note in notes:
        if note["note"] is None:
            states.append("off")
        elif note["cents"] is not None:
            off_by = abs(note["cents"])
            states.append("green" if off_by <= 5.0 else "yellow" if off_by <= 15.0 else "red")
    return [state for before, state in pairwise(states) if state != before]


def states_of_the_lamp(changes: list[dict[str, Any]]) -> list[str]:
    """Return the states of the lamp without repetitions, `off` before the first aside."""
    names = {tuple(GREEN): "green", tuple(YELLOW): "yellow", tuple(RED): "red"}
    new = [change["data"]["new_state"] for change in changes]
    lamp = [state for state in new if state is not None and state["entity_id"] == LAMP_ENTITY]
    states = ["off"]
    for state in lamp:
        on = state["state"] == "on"
        states.append(names[tuple(state["attributes"]["rgb_color"])] if on else "off")
    return [state for before, state in pairwise(states) if state != before]


def lamp_and_summary_follow_recordings(house: House) -> str:
    """The lamp has the colour of each note that Timbrel hears; the session's summary is shown."""
    folder = os.environ.get("TIMBREL_PRACTICE")
    if folder is None:
        return "skipped: TIMBREL_PRACTICE is not set"
    hub, sound, topic = house.hub, house.folder / "practice.wav", f"timbrel/{NODE}/practice/"
    seconds = joined(Path(folder), sound)
    announce_lamp(house)
    hub.put("automations.yaml", tuning_lamp(topic + "note"))
    hub.call("automation.reload")
    hub.call("light.turn_off", entity_id=LAMP_ENTITY)
    hub.call("switch.turn_on", entity_id=SWITCH + "live_notes")
    # Home Assistant subscribes to topics together, a moment later.
    time.sleep(2)
    line = hub.socket()
    line.ask("subscribe_events", event_type="state_changed")
    with Watcher(house.broker.port) as watcher:
        playing = house.microphone.play(sound)
        lamp = states_of_the_lamp(line.events(seconds + ENDS_AFTER_SECONDS))
        assert playing.wait(10) == 0
        line.close()
        notes = [m.json for m in watcher.of(topic + "note")]
        summary = watcher.wait_for(topic + "summary", lambda m: not m.retained, 60).json
    assert len(notes) >= 20, notes
    assert lamp == colours_of(notes), (lamp, notes)
    assert summary["notes"] >= 15, summary
    assert {"guitar", "string"} & summary["minutes"].keys(), summary
    shown = partial(hub.attributes, SENSOR + "last_practice")
    within(10, lambda: shown()["notes"] == summary["notes"], f"the summary, not {shown()}")
    hub.put("automations.yaml", house.automations)
    hub.call("automation.reload")
    hub.call("switch.turn_off", entity_id=SWITCH + "live_notes")
    remove_lamp(house)
    return (
        f"{len(notes)} messages of notes; lamp {' '.join(lamp)}; {summary['notes']} notes from "
        f"{summary['range'][0]} to {summary['range'][1]}, A4 {summary['a4_hz']} Hz, "
        f"minutes {summary['minutes']}"
    )
