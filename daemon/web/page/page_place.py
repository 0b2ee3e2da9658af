"""One listening place, as the page sees it."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from daemon.hearing.shown_scores import ShownScores
from daemon.hub.control import Control
from daemon.hub.controls import CONTROLS, SENSITIVITY, Controls, sensitivity_leaf
from daemon.hub.messages import Node


class PagePlace(NamedTuple):
    """A place, the values that the page may read, and the way to change them."""

    node: Node
    """The place's name, topics and families."""
    shown: ShownScores
    """Maps the model's scores to shown ones."""
    points: Callable[[], Mapping[str, float]]
    """Returns the operating point of each family now, on the scale of shown scores."""
    controls: Callable[[], Controls] | None
    """Returns the settings and their current values; None if none can be changed."""
    command: Callable[[str, bytes], bool]
    """Queues a command for a topic; returns False if there were too many. For any thread."""

    def refusal(self, leaf: str, value: str) -> str | None:
        """Return why a setting cannot have this value, or None if it can."""
        if self.controls is None:
            return "no setting can be changed here"
        current = self.controls()
        trial = Controls(self.node, current.configured, current.chosen)
        topic = self.node.topic(f"{leaf}/set")
        if topic not in trial.topics:
            return f"there is no setting {leaf[:40]!a}"
        refusal = trial.receive(topic, value.encode(), retained=False).refusal
        return None if refusal is None else refusal.removeprefix(f"{topic}: ")

    def described(self) -> list[dict[str, Any]]:
        """Return the settings that can be changed as JSON objects."""
        return [] if self.controls is None else described_controls(self.node)


def setting_leaves(node: Node) -> set[str]:
    """Return the last parts of the topics of a node's settings."""
    return {control["leaf"] for control in described_controls(node)}


def described_controls(node: Node) -> list[dict[str, Any]]:
    """Return the settings of a node as JSON objects, in the order of Home Assistant's page."""
    families = [(sensitivity_leaf(node, family), SENSITIVITY, family) for family in node.shown]
    return [
        _described(leaf, control, family)
        for leaf, control, family in [*((c.leaf, c, None) for c in CONTROLS), *families]
    ]


def _described(leaf: str, control: Control, family: str | None) -> dict[str, Any]:
    options = control.options
    return {
        "leaf": leaf,
        "kind": control.platform,
        "family": family,
        "min": options.get("min"),
        "max": options.get("max"),
        "step": options.get("step"),
        "slider": options.get("mode") == "slider",
        "unit": options.get("unit_of_measurement"),
        "choices": list(control.choices),
    }
