"""Warnings about valid texts that are probably mistakes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from daemon.configuration.settings import Settings
from daemon.system.printable import first_invisible

_QUOTES = re.compile("[\u2018-\u201f\u00ab\u00bb]")
_PATHS = {"file", "directory", "password_file", "ca_file", "certificate_file", "key_file"}


def text_warnings(settings: Settings) -> Iterator[str]:
    """A line, with the remedy, for each text with a space or a word processor's quotes at an end.

    And for each path that only a shell would understand, or that a service would look for in a
    folder of its own.
    """
    for key, text in _texts(settings, ""):
        if text != text.strip():
            yield f"{key}: it begins or ends with a space, which counts too; remove the space"
        elif (character := first_invisible(text)) is not None:
            yield f"{key}: it has an invisible character ({character}); remove it"
        if _QUOTES.match(text[:1]) or _QUOTES.match(text[-1:]):
            yield f"{key}: it has the quotes of a word processor, which count too; remove them"
        if key.endswith(".device") and text.isdecimal():
            yield f"{key}: in quotes it is a part of a name; write an index without them"
        if key.rpartition(".")[2] in _PATHS:
            yield from _path_warnings(key, text)


def _path_warnings(key: str, name: str) -> Iterator[str]:
    if name.startswith("~") or "$" in name:
        yield f"{key}: neither ~ nor variables are replaced; write the path in full"
    elif not Path(name).is_absolute():
        yield f"{key}: a service does not start in this folder; write an absolute path"


def _texts(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """Every text below a value that may be shown, with its key."""
    if isinstance(value, str) and key.rpartition(".")[2] != "url":
        yield key, value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _texts(getattr(value, name), f"{key}.{name}" if key else name)
    elif isinstance(value, tuple | list):
        for number, entry in enumerate(value):
            yield from _texts(entry, f"{key}.{number}")
