"""What a box has announced itself as, kept over restarts: its unique ids and its places."""

import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from daemon.configuration.settings import MqttSettings
from daemon.configuration.value_types import Name
from daemon.errors import InputError
from daemon.hub.messages import Node
from daemon.hub.topics import id_suffix
from daemon.system.json_store import JsonStore
from daemon.system.private_file import read_private

_NAME = "identity"
_SCHEMA = 1
# The files that 0.1.0 keeps for each place, before its name.
_OF_PLACES = ("practice-", "chosen-")
_OUTBOX = "outbox.sqlite"
# Where a file of state that cannot be read is moved.
_DAMAGED = f"{_NAME}.json.damaged"
_MOST_RESCUED_BYTES = 1_000_000
_SUFFIX = re.compile(rb'"id_suffix" *: *"([0-9a-f]{0,64})"')

log = logging.getLogger(__name__)

Prefix = Annotated[str, Meta(pattern=r"^[^#+\x00]+\Z", max_length=128)]


class Announced(msgspec.Struct, frozen=True):
    """A place that was announced; `box` None: by 0.1.0, which did not write down by which box."""

    name: Name
    topic_prefix: Prefix
    discovery_prefix: Prefix
    box: Name | None = None


class Identity(msgspec.Struct, frozen=True):
    """The file; `id_suffix` ends the ids of the box's devices and never changes."""

    schema: int = 0
    id_suffix: Annotated[str, Meta(pattern=r"^[0-9a-f]*\Z", max_length=64)] = ""
    places: tuple[Announced, ...] = ()


def identity_store(directory: Path | None) -> JsonStore[Identity]:
    """Where the identity of a box outlives the process."""
    return JsonStore(directory, _NAME, Identity())


def read_identity(directory: Path, mqtt: MqttSettings) -> Identity:
    """The identity of the box that keeps its state there; a new one is written down at once.

    A box of 0.1.0 has none written down: its ids have no suffix, whatever its topic prefix, and its
    places are those that it has files of. Where the file is damaged the ids end as it says, as far
    as that can still be read, else as those of a new box with this topic prefix. Raises InputError
    for the file of a newer Timbrel.
    """
    note = identity_store(directory)
    identity = note.read()
    if identity.schema > _SCHEMA:
        raise InputError(
            f"{directory / _NAME}.json was written by a newer Timbrel (schema {identity.schema}, "
            f"this one knows {_SCHEMA}); install that version again, or move the file away"
        )
    if identity.schema == _SCHEMA:
        return identity
    files = list(_files(directory))
    names = {name for file in files if (name := _place_of(file)) is not None}
    if _DAMAGED in files:
        suffix = _rescued_suffix(directory, mqtt)
    else:
        is_old = bool(names) or _OUTBOX in files
        suffix = "" if is_old else id_suffix(mqtt.topic_prefix)
    places = (Announced(name, mqtt.topic_prefix, mqtt.discovery_prefix) for name in sorted(names))
    identity = Identity(_SCHEMA, suffix, tuple(places))
    # Before the outbox is made: with that and without this it would look like a box of 0.1.0.
    note.write(identity)
    note.close()
    return identity


def _rescued_suffix(directory: Path, mqtt: MqttSettings) -> str:
    """The end of the ids by a damaged file; logs a warning where that has to be assumed."""
    content = b""
    with suppress(OSError):
        content = read_private(directory / _DAMAGED, _MOST_RESCUED_BYTES)
    if (found := _SUFFIX.search(content)) is not None:
        return found[1].decode()
    suffix = id_suffix(mqtt.topic_prefix)
    if suffix:
        log.warning(
            "%s: the unique ids are lost; using those of a new box with mqtt.topic_prefix %s; if "
            "every device appears a second time in the hub, remove the old one there",
            directory / _DAMAGED,
            mqtt.topic_prefix,
        )
    return suffix


def announced(node: Node) -> Announced:
    """A node as it is written down."""
    return Announced(node.name, node.topic_prefix, node.discovery_prefix, node.box)


def _files(directory: Path) -> Iterator[str]:
    with suppress(OSError):
        yield from (file.name for file in directory.iterdir())


def _place_of(file: str) -> str | None:
    name = file.removesuffix(".json")
    found = next((name.removeprefix(p) for p in _OF_PLACES if name.startswith(p)), None)
    if found is None or name == file:
        return None
    try:
        return msgspec.convert(found, Name)
    except msgspec.ValidationError:
        return None
