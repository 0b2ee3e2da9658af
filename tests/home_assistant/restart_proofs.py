"""Proofs of restarts, of two places and of removal."""

import subprocess
import sys
import time
from functools import partial

from tests.conftest import ROOT, Watcher
from tests.home_assistant.expected import EXPECTED_COMPLAINTS
from tests.home_assistant.house import BINARY, EVENT, NODE, SENSOR, House, wait_for_states
from tests.home_assistant.instance import HomeAssistant, within


def has_state(hub: HomeAssistant, entity_id: str, state: str) -> bool:
    return hub.state(entity_id) == state


def recovers_from_restart_of_home_assistant(house: House) -> str:
    """All states are right after a restart of Home Assistant."""
    house.hub.stop()
    began = house.hub.start()
    right = wait_for_states(10, house, "states after its restart")
    return f"right {right:.1f} s after its start, which takes {began:.0f} s"


def recovers_from_restart_of_the_broker(house: House) -> str:
    """All states are right after the broker was killed, with and without its retained messages."""
    house.broker.kill()
    within(10, lambda: house.hub.state(BINARY + "playing") == "unavailable", "unavailable")
    house.broker.start()
    # Home Assistant itself reconnects every ten seconds.
    with_memory = wait_for_states(15, house, "states after the broker's restart")
    house.broker.kill()
    for file in house.folder.glob("mosquitto.db*"):
        file.unlink()
    within(10, lambda: house.hub.state(BINARY + "playing") == "unavailable", "unavailable")
    house.broker.start()
    without = wait_for_states(15, house, "states after an empty broker")
    return f"right after {with_memory:.1f} s, and with an empty broker after {without:.1f} s"


def recovers_from_restart_of_timbrel(house: House) -> str:
    """All states are right after Timbrel was stopped or killed and started again."""
    hub = house.hub
    newest = hub.state(EVENT + "played")
    line = hub.socket()
    line.ask("subscribe_events", event_type="state_changed")
    house.stop_daemon()
    within(5, lambda: hub.state(BINARY + "playing") == "unavailable", "unavailable after its end")
    house.start_daemon()
    again = wait_for_states(15, house, "states after its start")
    assert house.daemon is not None
    house.daemon.kill()
    began = time.monotonic()
    within(15, lambda: hub.state(SENSOR + "instrument") == "unavailable", "the last will")
    will = time.monotonic() - began
    house.daemon.wait()
    house.start_daemon()
    wait_for_states(15, house, "states after its death")
    changed = {change["data"]["entity_id"] for change in line.events(2)}
    line.close()
    assert BINARY + "playing" in changed
    # A repeated event would be shown as a new one.
    assert EVENT + "played" not in changed
    assert hub.state(EVENT + "played") == newest
    return f"right {again:.1f} s after its start; its last will arrives after {will * 1000:.0f} ms"


def two_places_are_two_devices(house: House) -> str:
    """The places of one box are separate devices; a removed place is removed from the hub."""
    hub, cellar = house.hub, "binary_sensor.cellar_"
    house.stop_daemon()
    alone = house.config.read_text()
    both = (
        f"name: house\nsources: [{{name: {NODE}, device: pulse}}, {{name: cellar, device: pulse}}]"
    )
    house.config.write_text(
        alone.replace(f"name: {NODE}", both).replace("device: pulse, gate_dbfs", "gate_dbfs")
    )
    house.start_daemon()
    wait_for_states(15, house, "the first place")
    within(15, lambda: hub.state(cellar + "hearing") == "on", "the second place")
    assert len(hub.of_node("cellar")) == len(hub.of_node(NODE))
    playing = house.microphone.play(house.drums)
    within(30, lambda: hub.state(cellar + "drums") == "on", "drums in the second place")
    within(5, lambda: hub.state(BINARY + "drums") == "on", "drums in the first place")
    hub.call("switch.turn_on", entity_id="switch.cellar_mute")
    within(5, lambda: hub.state(cellar + "hearing") == "off", "the second place muted")
    assert hub.state(BINARY + "hearing") == "on"
    assert house.daemon is not None
    house.daemon.kill()
    for entity_id in (cellar + "playing", BINARY + "playing"):
        within(15, partial(has_state, hub, entity_id, "unavailable"), f"{entity_id} unavailable")
    house.daemon.wait()
    house.config.write_text(alone)
    assert playing.wait(30) == 0
    house.start_daemon()
    wait_for_states(15, house, "one place again")
    within(15, lambda: not hub.of_node("cellar"), "no entity of the second place left")
    return (
        "two devices detect the drums, one is muted alone, both become unavailable; one is removed"
    )


def home_assistant_starts_last(house: House) -> str:
    """All states are right if Home Assistant starts after Timbrel, on an empty broker."""
    house.hub.stop()
    house.broker.kill()
    for file in house.folder.glob("mosquitto.db*"):
        file.unlink()
    house.broker.start()
    house.hub.start()
    return f"right after {wait_for_states(10, house, 'states'):.1f} s"


def home_assistant_logs_no_complaint(house: House) -> str:
    """Home Assistant logs no warning or error about Timbrel."""
    complaints = [
        line
        for line in house.hub.complaints()
        if not any(words in line for words in EXPECTED_COMPLAINTS)
    ]
    assert not complaints, "\n".join(complaints[:20])
    return f"{len(house.hub.log.splitlines())} lines read"


def forget_removes_everything(house: House) -> str:
    """`timbrel forget` leaves nothing in Home Assistant or at the broker."""
    command = [sys.executable, "-m", "daemon", "forget", NODE, "--config", str(house.config)]
    refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert refused.returncode == 2, refused
    house.stop_daemon()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done
    within(10, lambda: not house.hub.of_node(NODE), "no entity left")
    with Watcher(house.broker.port) as watcher:
        time.sleep(1)
        left = [m.topic for m in watcher.received if NODE in m.topic]
    assert not left, left
    return f"{done.stdout.strip()}; while it runs: {refused.stderr.strip()}"
