"""Builds the parts shared by several commands from the settings."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from daemon import __version__
from daemon.configuration.settings import (
    AudioSettings,
    ModelSettings,
    Settings,
    SourceSettings,
    TrackerSettings,
)
from daemon.errors import InputError
from daemon.hearing.classifier import BUILT_IN_MODEL, Classifier, load_classifier
from daemon.hearing.patience import common_patience
from daemon.hearing.pipeline import Observer
from daemon.hearing.rules import Rules, model_rules
from daemon.hearing.scorer import Scorer
from daemon.hearing.shown_scores import ShownScores
from daemon.hearing.tracker import Tracker
from daemon.hub import messages
from daemon.hub.board import Board
from daemon.hub.controls import Chosen, Configured
from daemon.hub.messages import Node
from daemon.hub.reporter import Reporter
from daemon.hub.topics import id_suffix
from daemon.mqtt.connection import Connection
from daemon.mqtt.outbox.outbox import Outbox
from daemon.practice.history.history import History, PlaceHistory
from daemon.practice.sessions import Diary, Sessions
from daemon.runtime.place import Place
from daemon.runtime.practice_wiring import genre_network_of, network_of, switches_of
from daemon.runtime.wakeup import Wakeup
from daemon.sound.microphone import DEFAULT_DEVICE, Microphone
from daemon.sound.portaudio import PortAudio
from daemon.sound.source import Device, Listening, Source
from daemon.sound.window import WINDOW_SECONDS
from daemon.system.files.json_store import JsonStore
from daemon.system.state_directory import state_directory

if TYPE_CHECKING:
    from daemon.mqtt.incoming import Subscriber
    from daemon.mqtt.link import Link


# Longer than for a microphone, since each attempt starts a process.
_CAMERA_PAUSE_SECONDS = 15.0


def model_path(settings: ModelSettings) -> Path:
    """Return the family model's file."""
    return BUILT_IN_MODEL if settings.file is None else Path(settings.file)


def classifier_of(settings: ModelSettings) -> Classifier:
    """Load the family model; raises InputError if it cannot be used."""
    path = model_path(settings)
    if settings.file is not None:
        from daemon.hearing.network_trial import try_out

        try_out(path)
    return load_classifier(path)


class Recognizer:
    """The classifier and the rules that turn its scores into events, from one configuration.

    Raises InputError if the model of families, notes or genre cannot be used, or if the tracker
    settings or the families to be shown do not fit the model, with one line for each fault.
    """

    def __init__(self, settings: Settings) -> None:
        self.path = model_path(settings.model)
        self.classifier = classifier_of(settings.model)
        if settings.model.notes_file is not None:
            network_of(settings)
        if settings.model.genre_file is not None:
            genre_network_of(settings)
        contract = self.classifier.contract
        self.families = contract.families
        self.hop_seconds = settings.audio.hop_seconds
        faults = [
            f"mqtt.families: the model has no {contract.noun} {family}; "
            f"it has {', '.join(self.families)}"
            for family in settings.mqtt.families
            if family not in self.families
        ]
        try:
            self.rules = self.rules_of(settings.tracker)
        except InputError as error:
            raise InputError(*error.lines, *faults) from None
        if faults:
            raise InputError(*faults)
        self.shown = ShownScores(self.families, [r.threshold for r in self.rules])
        """The scores that people and hubs see; follows the rules."""

    def use_rules(self, new: list[Rules]) -> None:
        """Replace the rules of the configuration."""
        self.rules = new
        self.shown.use([r.threshold for r in new])

    def rules_of(self, settings: TrackerSettings) -> list[Rules]:
        """Return each family's rules; raises InputError if the settings cannot work."""
        return model_rules(settings, self.classifier.contract, self.hop_seconds)

    def tracker(self) -> Tracker:
        """Return a new tracker."""
        return Tracker(self.families, self.rules, self.hop_seconds)


DeviceOf: TypeAlias = Callable[[SourceSettings, PortAudio, threading.Condition], Device]


def device_of(
    source: SourceSettings,
    portaudio: PortAudio,
    changed: threading.Condition,
    *,
    stall_seconds: float = AudioSettings().stall_seconds,
) -> Device:
    """Return a source's device, not opened yet; raises InputError if its settings are invalid."""
    if not isinstance(source.url, msgspec.UnsetType):
        from daemon.sound.camera import Camera

        try:
            return Camera(
                source.url,
                changed,
                stall_seconds=stall_seconds,
                tls_verify=source.tls_verify,
                ca_file=source.ca_file,
            )
        except InputError as error:
            raise InputError(f"the place {source.name}: {error}") from None
    if source.tls_verify is not None or source.ca_file is not None:
        raise InputError(
            f"the place {source.name}: tls_verify and ca_file are for a url; leave them out"
        )
    name = DEFAULT_DEVICE if isinstance(source.device, msgspec.UnsetType) else source.device
    return Microphone(name, source.channel, portaudio, changed)


def place_of(
    settings: Settings,
    source: SourceSettings,
    *,
    recognizer: Recognizer,
    reporter: Reporter,
    device: Device,
    wakeup: Wakeup,
    observers: Sequence[Observer] = (),
) -> Place:
    """Return a place, not begun yet, that listens to `device` and publishes via `reporter`."""
    is_microphone = isinstance(source.url, msgspec.UnsetType)
    listening = Listening(
        settings.audio.hop_seconds,
        settings.audio.stall_seconds,
        source.channel,
        stillness_is_loss=is_microphone,
        longest_pause_seconds=3.0 if is_microphone else _CAMERA_PAUSE_SECONDS,
    )
    return Place(
        source.name,
        Source(device, listening),
        Scorer(recognizer.classifier, settings.gate_of(source)),
        recognizer.tracker(),
        [reporter, *observers],
        reporter=reporter,
        wakeup=wakeup,
        shown=recognizer.shown,
    )


def node_of(
    settings: Settings,
    recognizer: Recognizer,
    name: str,
    box: str | None = None,
    suffix: str | None = None,
    *,
    url: str | None = None,
) -> Node:
    """Return the node called `name`; its box has the same name if `box` is None.

    `suffix` ends the ids of the box; None stands for the suffix of a new box. `url` is the address
    of its page.
    """
    return Node(
        box=box or name,
        name=name,
        families=recognizer.families,
        model=recognizer.classifier.contract.title,
        version=__version__,
        topic_prefix=settings.mqtt.topic_prefix,
        discovery_prefix=settings.mqtt.discovery_prefix,
        shown=tuple(settings.mqtt.families),
        area=settings.mqtt.area,
        url=url,
        id_suffix=id_suffix(settings.mqtt.topic_prefix) if suffix is None else suffix,
    )


def settle_seconds(rules: Sequence[Rules], hop_seconds: float) -> float:
    """Return the maximum number of seconds by which the end of an event is back-dated.

    This is the longest silence that the rules wait for, plus the window in which it is detected.
    """
    return max(r.stop_after_seconds for r in rules) + WINDOW_SECONDS + hop_seconds


def sessions_of(
    settings: Settings, recognizer: Recognizer, diary: Diary, history: PlaceHistory
) -> Sessions:
    """Return the sessions of one place, continued from `diary`."""
    return Sessions(
        settle_seconds=settle_seconds(recognizer.rules, recognizer.hop_seconds),
        gap_seconds=settings.practice.gap_seconds,
        least_seconds=settings.practice.least_seconds,
        diary=diary,
        earlier=history.day,
    )


def stores_of(settings: Settings, node: Node) -> tuple[JsonStore[Diary], JsonStore[Chosen]]:
    """Return the stores for a node's diary and for the values that the hub has set."""
    folder = state_directory(settings.state.directory)
    practice = JsonStore(folder, f"practice-{node.name}", Diary())
    return practice, JsonStore(folder, f"chosen-{node.name}", Chosen())


def configured_of(settings: Settings, source: SourceSettings) -> Configured:
    """Return the configuration's values of the settings that the hub may change at one place."""
    tracker = settings.tracker
    patience = common_patience(tracker, settings.audio.hop_seconds)
    return Configured(
        settings.gate_of(source),
        tracker.stop_after_seconds,
        patience,
        settings.practice.goal,
        switches_of(settings.practice),
    )


def outbox_of(settings: Settings) -> Outbox:
    """Return the outbox in the configured state directory."""
    return Outbox(state_directory(settings.state.directory), settings.outbox)


def history_of(settings: Settings) -> History:
    """Return the history of the box, in the configured state directory."""
    return History(state_directory(settings.state.directory), settings.history)


def link_to(
    settings: Settings,
    node: Node,
    board: Board,
    outbox: Outbox,
    connection: Connection,
    *,
    password: str | None,
    commands: "Subscriber | None" = None,
    notices: "Subscriber | None" = None,
    leaves_nothing: bool = False,
) -> "Link":
    """Return the link of the node's box; raises InputError if the credentials are unusable.

    With `leaves_nothing` the link removes the device from the hub and clears its topics at the end.
    """
    from daemon.mqtt.link import Link

    return Link(
        settings.mqtt,
        password,
        board,
        outbox,
        connection,
        client_id="-".join(filter(None, ("timbrel", node.box, node.id_suffix))),
        will=messages.availability(node, online=False),
        commands=commands,
        own_topics=notices,
        birth_topics=settings.mqtt.birth_topics,
        clears_topics=leaves_nothing,
    )
