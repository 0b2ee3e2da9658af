"""Settings that the hub may change: a command message in, new values or a refusal out; pure.

A value set by the hub overrides the configuration until `timbrel reset`.
"""

import math
import re
from collections.abc import Sequence
from typing import Annotated, NamedTuple, get_args

import msgspec
from msgspec import Meta

from daemon.configuration.value_types import Patience, WeekMinutes
from daemon.hearing.logits import shift_probability
from daemon.hearing.rules import Rules, release_of
from daemon.hub.companion.practice_controls import (
    REFERENCE,
    SWITCHES,
    ChosenSwitches,
    effective_switches,
    is_switch_on,
    with_switch,
)
from daemon.hub.control import Control
from daemon.hub.messages import Message, Node, setting
from daemon.practice.switches import Switches

LONGEST_COMMAND = 32
"""Length of the longest accepted payload, in bytes."""
NEUTRAL = 50.0
"""The sensitivity that leaves thresholds unchanged."""
# In logits. Sensitivity 100 turns a threshold of 0.5 into 0.12, and sensitivity 0 into 0.88. Beyond
# that range everything is detected, or nothing.
_FULL_SHIFT = 2.0
_NUMBER = re.compile(r"[+-]?\d{1,6}(\.\d{1,6})?")
_ON, _OFF, _PRESS = "ON", "OFF", "PRESS"
LOWEST_GATE_DBFS = -120.0
"""The lowest quiet gate, which also stands for no gate."""


MUTE = Control("mute", "switch", "Mute", "mdi:microphone-off")
SENSITIVITY = Control(
    "sensitivity",
    *("number", "Sensitivity", "mdi:tune-variant", 0.0, 100.0),
    more=(("step", 1), ("mode", "slider")),
)
GATE = Control(
    "quiet_gate",
    *("number", "Quiet gate", "mdi:volume-low", LOWEST_GATE_DBFS, -1.0),
    more=(("step", 1), ("mode", "box"), ("unit_of_measurement", "dBFS")),
)
STOP_AFTER = Control(
    "stop_after",
    *("number", "Stop after", "mdi:timer-stop-outline", 1.0, 86_400.0),
    more=(("step", 1), ("mode", "box"), ("unit_of_measurement", "s"), ("device_class", "duration")),
)
PATIENCE = Control(
    "patience", *("select", "Patience", "mdi:timer-sand"), choices=get_args(Patience)
)
GOAL = Control(
    "practice_goal",
    *("number", "Practice goal", "mdi:flag-checkered", 0.0, 10_080.0),
    more=(("step", 1), ("mode", "box"), ("unit_of_measurement", "min")),
)
RESTART = Control(
    "restart_listening",
    *("button", "Restart listening", "mdi:restart"),
    more=(("device_class", "restart"), ("payload_press", _PRESS)),
)
CONTROLS = (*(MUTE, SENSITIVITY, GATE, STOP_AFTER, PATIENCE, GOAL, *SWITCHES, REFERENCE, RESTART),)


Sensitivity = Annotated[float, Meta(ge=0, le=100)]


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Values set by the hub, saved across restarts; None means the configuration's value."""

    muted: bool = False
    """True if the microphone is to be closed."""
    sensitivity: Sensitivity = NEUTRAL
    """Sensitivity of all families, 0..100."""
    sensitivities: dict[str, Sensitivity] = {}
    """Additional sensitivity per family, 0..100; families not listed have 50."""
    gate_dbfs: Annotated[float, Meta(ge=LOWEST_GATE_DBFS, le=-1)] | None = None
    """Level below which a window counts as silence, in dBFS."""
    stop_after_seconds: Annotated[float, Meta(ge=1, le=86_400)] | None = None
    """Silence after which an event ends."""
    patience: Patience | None = None
    """How much evidence starts an event."""
    practice_goal: WeekMinutes | None = None
    """Minutes of practice to reach each week; 0 for no goal."""
    practice: ChosenSwitches = ChosenSwitches()
    """What is measured of the music."""


class Configured(NamedTuple):
    """The configuration's values, used where the hub has set none."""

    gate_dbfs: float | None
    """Level below which a window counts as silence, in dBFS; None for no gate."""
    stop_after_seconds: float
    """Silence after which an event ends."""
    patience: Patience = "normal"
    """How much evidence starts an event."""
    practice_goal: int = 0
    """Minutes of practice to reach each week; 0 for no goal."""
    practice: Switches = Switches()
    """What is measured of the music."""


class Reply(NamedTuple):
    """The result of one command."""

    echo: Sequence[Message] = ()
    """Messages with the current value, to be published."""
    changed: bool = False
    """True if a value has changed."""
    restart: bool = False
    """True if listening is to be restarted."""
    refusal: str | None = None
    """Why the command was refused; None if it was not."""


def sensitivity_leaf(node: Node, family: str) -> str:
    """Return the last part of the topic of a family's sensitivity."""
    return f"{SENSITIVITY.leaf}_{node.slug(family)}"


class Controls:
    """The settings of one node that its hub may change.

    `configured` and `chosen` are replaced when the configuration or the hub changes a value.
    """

    def __init__(self, node: Node, configured: Configured, chosen: Chosen = Chosen()) -> None:  # noqa: B008
        self._node = node
        self.configured = configured
        self.chosen = chosen
        self._controls = {control.leaf: control for control in CONTROLS}
        self._family_of = {sensitivity_leaf(node, family): family for family in node.shown}
        self._controls |= dict.fromkeys(self._family_of, SENSITIVITY)

    @property
    def topics(self) -> list[str]:
        """The command topics to subscribe to."""
        return [self._node.topic(f"{leaf}/set") for leaf in self._controls]

    @property
    def gate_dbfs(self) -> float | None:
        """The current level below which a window counts as silence, in dBFS; None for no gate."""
        chosen = self.chosen.gate_dbfs
        return self.configured.gate_dbfs if chosen is None else chosen

    @property
    def stop_after_seconds(self) -> float:
        """The current length of silence after which an event ends."""
        chosen = self.chosen.stop_after_seconds
        return self.configured.stop_after_seconds if chosen is None else chosen

    @property
    def patience(self) -> Patience:
        """How much evidence starts an event now; without the hub, families may differ from it."""
        return self.chosen.patience or self.configured.patience

    @property
    def practice_goal(self) -> int:
        """Minutes of practice to reach each week now; 0 for no goal."""
        chosen = self.chosen.practice_goal
        return self.configured.practice_goal if chosen is None else chosen

    @property
    def switches(self) -> Switches:
        """What is measured of the music now."""
        return effective_switches(self.configured.practice, self.chosen.practice)

    def tuned_rules(self, families: Sequence[str], rules: Sequence[Rules]) -> list[Rules]:
        """Return the configuration's `rules` of the `families`, adjusted to the hub's values."""
        return [self._tuned(f, r) for f, r in zip(families, rules, strict=True)]

    def echoes(self) -> list[Message]:
        """Return a message for every current value."""
        return [self._echo(leaf) for leaf in self._controls if leaf != RESTART.leaf]

    def echo(self, topic: str) -> Sequence[Message]:
        """Return the message for the current value of a command topic's setting.

        Returns an empty list for buttons and unknown topics.
        """
        leaf = self._leaf_of(topic)
        return [] if leaf is None or leaf == RESTART.leaf else [self._echo(leaf)]

    def receive(self, topic: str, payload: bytes, *, retained: bool) -> Reply:
        """Process one message; retained messages, which may be old, and other topics are ignored.

        A refused command leaves the values unchanged.
        """
        leaf = self._leaf_of(topic)
        if leaf is None or retained:
            return Reply()
        control = self._controls[leaf]
        text = payload.decode("ascii", "replace").strip() if len(payload) <= LONGEST_COMMAND else ""
        if control is RESTART:
            if text == _PRESS:
                return Reply(restart=True)
            return Reply(refusal=f"{topic}: send {_PRESS}")
        chosen = self._parsed(leaf, control, text)
        if isinstance(chosen, str):
            return Reply([self._echo(leaf)], refusal=f"{topic}: {chosen}")
        changed, self.chosen = chosen != self.chosen, chosen
        return Reply([self._echo(leaf)], changed=changed)

    def _leaf_of(self, topic: str) -> str | None:
        leaf = topic.removeprefix(self._node.topic("")).removesuffix("/set")
        is_ours = leaf in self._controls and topic == self._node.topic(f"{leaf}/set")
        return leaf if is_ours else None

    def _parsed(self, leaf: str, control: Control, text: str) -> Chosen | str:
        """Return the new values, or a text about the payload to send instead."""
        if control.platform == "switch":
            if text not in {_ON, _OFF}:
                return f"send {_ON} or {_OFF}"
            return self._with_switch(control, is_on=text == _ON)
        if control is PATIENCE:
            return self._with_patience(text)
        value = float(text) if _NUMBER.fullmatch(text) else math.nan
        if not control.lowest <= value <= control.highest:
            return f"send a number from {control.lowest:g} to {control.highest:g}"
        return self._with_number(leaf, value)

    def _with_patience(self, text: str) -> Chosen | str:
        for choice in get_args(Patience):
            if text == choice:
                return msgspec.structs.replace(self.chosen, patience=choice)
        return f"send {', '.join(PATIENCE.choices[:-1])} or {PATIENCE.choices[-1]}"

    def _with_switch(self, control: Control, *, is_on: bool) -> Chosen:
        if control is MUTE:
            return msgspec.structs.replace(self.chosen, muted=is_on)
        practice = with_switch(self.chosen.practice, control, is_on=is_on)
        return msgspec.structs.replace(self.chosen, practice=practice)

    def _with_number(self, leaf: str, value: float) -> Chosen:
        chosen = self.chosen
        if family := self._family_of.get(leaf):
            sensitivities = {**chosen.sensitivities, family: value}
            return msgspec.structs.replace(chosen, sensitivities=sensitivities)
        if leaf == GATE.leaf:
            return msgspec.structs.replace(chosen, gate_dbfs=value)
        if leaf == STOP_AFTER.leaf:
            return msgspec.structs.replace(chosen, stop_after_seconds=value)
        if leaf == GOAL.leaf:
            return msgspec.structs.replace(chosen, practice_goal=round(value))
        if leaf == REFERENCE.leaf:
            practice = msgspec.structs.replace(chosen.practice, reference_hz=value)
            return msgspec.structs.replace(chosen, practice=practice)
        return msgspec.structs.replace(chosen, sensitivity=value)

    def _echo(self, leaf: str) -> Message:
        if self._controls[leaf].platform == "switch":
            is_on = self.chosen.muted if leaf == MUTE.leaf else is_switch_on(self.switches, leaf)
            return setting(self._node, leaf, _ON if is_on else _OFF)
        if leaf == PATIENCE.leaf:
            return setting(self._node, leaf, self.patience)
        if family := self._family_of.get(leaf):
            value = self.chosen.sensitivities.get(family, NEUTRAL)
        elif leaf == GATE.leaf:
            value = LOWEST_GATE_DBFS if self.gate_dbfs is None else self.gate_dbfs
        elif leaf == STOP_AFTER.leaf:
            value = max(STOP_AFTER.lowest, self.stop_after_seconds)
        elif leaf == GOAL.leaf:
            value = self.practice_goal
        elif leaf == REFERENCE.leaf:
            value = self.switches.reference_hz
        else:
            value = self.chosen.sensitivity
        return setting(self._node, leaf, f"{value:g}")

    def _tuned(self, family: str, rules: Rules) -> Rules:
        sensitivities = self.chosen.sensitivity, self.chosen.sensitivities.get(family, NEUTRAL)
        shift = sum(_FULL_SHIFT * (s - NEUTRAL) / NEUTRAL for s in sensitivities)
        threshold = shift_probability(rules.threshold, -shift)
        release = release_of(threshold, rules.release / rules.threshold)
        stop_after = self.chosen.stop_after_seconds or rules.stop_after_seconds
        return rules._replace(
            threshold=threshold,
            release=release,
            patience=self.chosen.patience or rules.patience,
            stop_after_seconds=stop_after,
        )
