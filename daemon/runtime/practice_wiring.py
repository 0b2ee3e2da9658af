"""Builds the practice companion of a place from the settings."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from daemon.configuration.practice_settings import PracticeSettings
from daemon.configuration.settings import Settings
from daemon.errors import InputError
from daemon.hub.companion.companion_reporter import CompanionReporter
from daemon.hub.messages import Message, Node
from daemon.practice.companion import Companion
from daemon.practice.sessions import Sessions
from daemon.practice.switches import Switches
from daemon.practice.tally import Tally
from daemon.system.files.json_store import JsonStore
from daemon.system.state_directory import state_directory

if TYPE_CHECKING:
    from daemon.practice.genre.genre_network import GenreNetwork
    from daemon.practice.notes.note_network import NoteNetwork

log = logging.getLogger(__name__)


def network_of(settings: Settings) -> "NoteNetwork | None":
    """Load the note model, None if there is none; raises InputError if it cannot be used."""
    from daemon.practice.notes.built_in import configured_network

    with _naming("model.notes_file"):
        return configured_network(settings.model.notes_file)


def genre_network_of(settings: Settings) -> "GenreNetwork":
    """Load the genre model; raises InputError if it cannot be used."""
    from daemon.practice.genre.built_in import configured_genre_network

    with _naming("model.genre_file"):
        return configured_genre_network(settings.model.genre_file)


@contextmanager
def _naming(setting: str) -> Iterator[None]:
    """Name the setting in the lines of an InputError."""
    try:
        yield
    except InputError as error:
        lines = [line.removeprefix("model file ") for line in error.lines]
        raise InputError(*(f"{setting}: {line}" for line in lines)) from None


def _network_again(settings: Settings) -> "NoteNetwork | None":
    """Load the note model while the daemon runs: a file that was damaged since ends nothing."""
    try:
        return network_of(settings)
    except InputError as error:
        log.error("%s; notes are not recognized until then", error)  # noqa: TRY400
        return None


def _genre_network_again(settings: Settings) -> "GenreNetwork | None":
    """Load the genre model while the daemon runs: a file that was damaged since ends nothing."""
    try:
        return genre_network_of(settings)
    except InputError as error:
        log.error("%s; the genre is unknown until then", error)  # noqa: TRY400
        return None


def switches_of(settings: PracticeSettings) -> Switches:
    """Return what the configuration wants to measure of the music."""
    values = {name: getattr(settings, name) for name in Switches.__struct_fields__}
    return Switches(**values)


def companion_of(
    settings: Settings,
    node: Node,
    sessions: Sessions,
    store: JsonStore[Tally],
    publish_note: Callable[[Message], None],
) -> CompanionReporter:
    """Return the companion of one place, which continues the tally in the store."""
    return CompanionReporter(
        node,
        Companion(
            partial(_network_again, settings),
            load_genre_network=partial(_genre_network_again, settings),
        ),
        sessions,
        publish_note=publish_note,
        tally=store.read(),
        save=store.write,
    )


def tally_store_of(settings: Settings, node: Node) -> JsonStore[Tally]:
    """Return the store for the sums of a node's session."""
    return JsonStore(state_directory(settings.state.directory), f"tally-{node.name}", Tally())
