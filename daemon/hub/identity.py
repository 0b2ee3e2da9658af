"""The unique ids and places that a box has announced, saved across restarts."""

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
from daemon.system.files.json_store import JsonStore
from daemon.system.files.private_file import read_private

_NAME = "identity"
_SCHEMA = 1
# 0.1.0 has files of each place: one of these prefixes, the place's name and `.json`.
_OF_PLACES = ("practice-", "chosen-")
_OUTBOX = "outbox.sqlite"
# An unreadable state file is renamed to this.
_DAMAGED = f"{_NAME}.json.damaged"
_MOST_RESCUED_BYTES = 1_000_000
_SUFFIX = re.compile(rb'"id_suffix" *: *"([0-9a-f]{0,64})"')

log = logging.getLogger(__name__)

Prefix = Annotated[str, Meta(pattern=r"^[^#+\x00]+\Z", max_length=128)]


class AnnouncedPlace(msgspec.Struct, frozen=True):
    """A place that was announced."""

    name: Name
    """The place's name, as in its topics."""
    topic_prefix: Prefix
    """`mqtt.topic_prefix` at the time."""
    discovery_prefix: Prefix
    """`mqtt.discovery_prefix` at the time."""
    box: Name | None = None
    """The name of the box that announced it; None if that was 0.1.0, which did not save it."""


class Identity(msgspec.Struct, frozen=True):
    """The content of the identity file."""

    schema: int = 0
    """Version of the file's format; 0 if there is no file."""
    id_suffix: Annotated[str, Meta(pattern=r"^[0-9a-f]*\Z", max_length=64)] = ""
    """The end of the ids of all devices of the box; never changes."""
    places: tuple[AnnouncedPlace, ...] = ()
    """Places that were announced and not yet retired."""


def identity_store(directory: Path | None) -> JsonStore[Identity]:
    """Return the store of a box's identity in its state directory."""
    return JsonStore(directory, _NAME, Identity())


def read_identity(directory: Path, mqtt: MqttSettings) -> Identity:
    """Return the identity of the box with this state directory; a new identity is saved at once.

    0.1.0 saved no identity: its ids have no suffix, whatever its topic prefix, and its places are
    those with a file. If the identity file is damaged, the suffix is read from it if possible;
    otherwise it is that of a new box with this topic prefix. Raises InputError if the file was
    written by a newer Timbrel.
    """
    note = identity_store(directory)
    identity = note.read()
    if identity.schema > _SCHEMA:
        raise InputError(
            f"{directory / _NAME}.json was written by a newer Timbrel (schema {identity.schema}, "
            f"this version reads up to {_SCHEMA}); install that version again, or move the file "
            "away"
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
    places = (
        AnnouncedPlace(name, mqtt.topic_prefix, mqtt.discovery_prefix) for name in sorted(names)
    )
    identity = Identity(_SCHEMA, suffix, tuple(places))
    # Written before the outbox exists: a box with an outbox and no identity looks like 0.1.0.
    note.write(identity)
    note.close()
    return identity


def _rescued_suffix(directory: Path, mqtt: MqttSettings) -> str:
    """Return the suffix in the damaged file, or that of a new box, with a warning if not empty."""
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


def announced_place(node: Node) -> AnnouncedPlace:
    """Return a node as it is saved in the identity."""
    return AnnouncedPlace(node.name, node.topic_prefix, node.discovery_prefix, node.box)


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
