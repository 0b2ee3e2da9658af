"""What several commands build from the settings: classifier, rules, node and broker link."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from daemon import __version__, home_assistant
from daemon.classifier import BUILT_IN_MODEL, Classifier
from daemon.home_assistant import Message, Node
from daemon.outbox import Outbox
from daemon.rules import Rules, rules
from daemon.settings import Settings, read_password
from daemon.state import state_directory
from daemon.tracker import Tracker

if TYPE_CHECKING:
    from daemon.mqtt import Link


class Ears:
    """The classifier and the rules that turn its scores into events, from one configuration.

    Raises InputError for a model or tracker settings that cannot work.
    """

    def __init__(self, settings: Settings) -> None:
        file = settings.model.file
        self.path = BUILT_IN_MODEL if file is None else Path(file)
        self.classifier = Classifier(self.path)
        contract = self.classifier.contract
        self.families = contract.families
        self.hop_seconds = settings.audio.hop_seconds
        self.rules: list[Rules] = rules(
            settings.tracker, contract.families, contract.thresholds, self.hop_seconds
        )

    def tracker(self) -> Tracker:
        """A tracker that has heard nothing yet."""
        return Tracker(self.families, self.rules, self.hop_seconds)


def node_of(settings: Settings, ears: Ears, name: str) -> Node:
    """The node that a box with one source is."""
    return Node(
        box=name,
        name=name,
        families=ears.families,
        model=ears.classifier.contract.title,
        version=__version__,
        topic_prefix=settings.mqtt.topic_prefix,
        discovery_prefix=settings.mqtt.discovery_prefix,
    )


def outbox_of(settings: Settings) -> Outbox:
    """The outbox on disk, where the settings say."""
    return Outbox(state_directory(settings.state.directory), settings.outbox)


def link_to(
    settings: Settings,
    node: Node,
    outbox: Outbox,
    greeting: Callable[[], Sequence[Message]],
) -> "Link":
    """The link that speaks for the node's box; raises InputError for unusable credentials."""
    from daemon.mqtt import Link

    return Link(
        settings.mqtt,
        read_password(settings.mqtt),
        outbox,
        client_id=f"timbrel-{node.box}",
        greeting=greeting,
        farewell=home_assistant.availability(node, online=False),
    )
