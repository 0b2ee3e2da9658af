"""Proofs of the settings that Home Assistant can change."""

import time
from functools import partial

from tests.conftest import Received, Watcher
from tests.home_assistant.house import (
    BINARY,
    BUTTON,
    NODE,
    NUMBER,
    SELECT,
    SENSOR,
    SWITCH,
    House,
    wait_for_states,
)
from tests.home_assistant.instance import HomeAssistant, within


def messages_after(watcher: Watcher, topic: str, before: int) -> list[Received]:
    """Return the messages on a topic after the first `before`."""
    return watcher.of(topic)[before:]


def number_is(hub: HomeAssistant, number: str, value: float) -> bool:
    return float(hub.state(NUMBER + number) or "nan") == value


def has_payload(value: str, received: Received) -> bool:
    """Return whether the payload of `received` is `value`."""
    return received.payload == value.encode()


def commands_are_applied(house: House) -> str:
    """Valid settings are applied and published; invalid ones are rejected."""
    hub = house.hub
    with Watcher(house.broker.port) as watcher:
        topic = f"timbrel/{NODE}/"
        for entity, leaf, value in (
            ("sensitivity", "sensitivity", 70),
            ("guitar_sensitivity", "sensitivity_guitar", 35),
            ("quiet_gate", "quiet_gate", -55),
            ("stop_after", "stop_after", 9),
        ):
            hub.call("number.set_value", entity_id=NUMBER + entity, value=value)
            within(5, partial(number_is, hub, entity, value), f"{entity} published")
            watcher.wait_for(topic + leaf, partial(has_payload, str(value)))
        hub.call("select.select_option", entity_id=SELECT + "patience", option="quick")
        within(5, lambda: hub.state(SELECT + "patience") == "quick", "patience published")
        watcher.wait_for(topic + "patience", partial(has_payload, "quick"))
        for wrong in (b"101", b"nan", b"", b"5" * 1000, b"\xff"):
            before = len(watcher.of(topic + "sensitivity"))
            house.publish(topic + "sensitivity/set", wrong)
            published = within(
                5,
                partial(messages_after, watcher, topic + "sensitivity", before),
                f"the current value after {wrong!r}",
            )
            assert {m.payload for m in published} == {b"70"}
        house.stop_daemon()
        house.publish(topic + "sensitivity/set", b"10", retain=True)
        house.start_daemon()
        wait_for_states(20, house, "states after a restart with settings from the hub")
        time.sleep(1.5)
        house.publish(topic + "sensitivity/set", b"", retain=True)
        assert number_is(hub, "sensitivity", 70)
        assert number_is(hub, "quiet_gate", -55)
        assert hub.state(SELECT + "patience") == "quick"
    hub.call("number.set_value", entity_id=NUMBER + "sensitivity", value=50)
    hub.call("number.set_value", entity_id=NUMBER + "quiet_gate", value=-60)
    hub.call("select.select_option", entity_id=SELECT + "patience", option="normal")
    return (
        "four numbers and a select set, published, kept across a restart; "
        "five invalid ones and a retained one rejected"
    )


def mute_closes_the_microphone(house: House) -> str:
    """Mute closes the microphone, also across a restart; unmuting opens it."""
    hub = house.hub
    assert house.has_open_microphone()
    began = time.monotonic()
    hub.call("switch.turn_on", entity_id=SWITCH + "mute")
    within(5, lambda: not house.has_open_microphone(), "the microphone closed")
    closed = time.monotonic() - began
    within(5, lambda: hub.state(SWITCH + "mute") == "on", "mute shown")
    within(5, lambda: hub.state(BINARY + "playing") == "unknown", "playing unknown")
    assert hub.state(BINARY + "hearing") == "off"
    assert hub.attributes(BINARY + "hearing")["hearing"] == "muted"
    assert hub.state(SENSOR + "level") == "unavailable"
    house.stop_daemon()
    house.start_daemon()
    within(10, lambda: hub.state(SWITCH + "mute") == "on", "mute shown after a restart")
    time.sleep(3)
    assert not house.has_open_microphone()
    began = time.monotonic()
    hub.call("switch.turn_off", entity_id=SWITCH + "mute")
    within(10, house.has_open_microphone, "the microphone open")
    opened = time.monotonic() - began
    wait_for_states(15, house, "states after muting")
    return f"closed after {closed:.1f} s, stays closed across a restart, open after {opened:.1f} s"


def button_reopens_the_microphone(house: House) -> str:
    """The button opens the microphone again."""
    outputs = house.microphone.control("list", "short", "source-outputs").stdout.split()[0]
    house.hub.call("button.press", entity_id=BUTTON + "restart_listening")
    within(
        10,
        lambda: (
            (now := house.microphone.control("list", "short", "source-outputs").stdout.split())
            and now[0] != outputs
        ),
        "another stream",
    )
    wait_for_states(15, house, "states after the button")
    return "the microphone has a new stream"
