"""What several commands build from the settings: classifier, rules, node and broker link."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from daemon import __version__, home_assistant
from daemon.classifier import BUILT_IN_MODEL, Classifier
from daemon.errors import InputError
from daemon.home_assistant import Message, Node
from daemon.note import Note
from daemon.outbox import Outbox
from daemon.practice import Diary, Practice
from daemon.remote import Chosen, Configured, Remote
from daemon.rules import Rules, rules
from daemon.settings import Settings, read_password
from daemon.state import state_directory
from daemon.tracker import Tracker
from daemon.window import WINDOW_SECONDS

if TYPE_CHECKING:
    from daemon.mqtt import Commands, Link


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
        self._configured_rules = self.rules
        self.gate_dbfs = settings.audio.gate_dbfs
        for family in settings.mqtt.families:
            if family not in self.families:
                raise InputError(
                    f"mqtt.families: the model knows no family {family}; "
                    f"it knows {', '.join(self.families)}"
                )

    def tune(self, remote: Remote) -> None:
        """Follow what the hub has set, beside what is configured."""
        self.rules = remote.tuned(self.families, self._configured_rules)
        self.gate_dbfs = remote.gate_dbfs

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
        shown=tuple(settings.mqtt.families),
        area=settings.mqtt.area,
    )


def settle_seconds(rules: Sequence[Rules], hop_seconds: float) -> float:
    """By how much ends may be back-dated: what the rules wait for, and the window it is seen in."""
    return max(r.stop_after_seconds for r in rules) + WINDOW_SECONDS + hop_seconds


def practice_of(settings: Settings, ears: Ears, diary: Diary) -> Practice:
    """What adds up the playing of one place, from where the diary ends."""
    return Practice(
        settle_seconds=settle_seconds(ears.rules, ears.hop_seconds),
        gap_seconds=settings.practice.gap_seconds,
        least_seconds=settings.practice.least_seconds,
        diary=diary,
    )


def notes_of(settings: Settings, node: Node) -> tuple[Note[Diary], Note[Chosen]]:
    """Where a node's playing and what its hub has set outlive the process."""
    folder = state_directory(settings.state.directory)
    practice = Note(folder, f"practice-{node.name}", Diary())
    return practice, Note(folder, f"chosen-{node.name}", Chosen())


def remote_of(settings: Settings, node: Node, chosen: Chosen) -> Remote:
    """The node's settings that its hub may change."""
    configured = Configured(settings.audio.gate_dbfs, settings.tracker.stop_after_seconds)
    return Remote(node, configured, chosen)


def outbox_of(settings: Settings) -> Outbox:
    """The outbox on disk, where the settings say."""
    return Outbox(state_directory(settings.state.directory), settings.outbox)


def link_to(
    settings: Settings,
    node: Node,
    outbox: Outbox,
    greeting: Callable[[], Sequence[Message]],
    commands: "Commands | None" = None,
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
        commands=commands,
        birth_topic=f"{node.discovery_prefix}/status" if settings.mqtt.discovery else None,
    )
