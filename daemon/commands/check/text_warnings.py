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
    """Yield a warning with a remedy for each suspicious text.

    Suspicious are spaces or typographic quotes at an end, invisible characters, an index written
    as a name, and paths that are relative or that only a shell would expand.
    """
    for key, text in _texts(settings, ""):
        if text != text.strip():
            yield f"{key}: begins or ends with a space, which is part of the value; remove it"
        elif (character := first_invisible(text)) is not None:
            yield f"{key}: contains an invisible character ({character}); remove it"
        if _QUOTES.match(text[:1]) or _QUOTES.match(text[-1:]):
            yield f"{key}: has typographic quotes, which are part of the value; remove them"
        if key.endswith(".device") and text.isdecimal():
            yield f"{key}: in quotes, a number is a part of a name; remove the quotes for an index"
        if key.rpartition(".")[2] in _PATHS:
            yield from _path_warnings(key, text)


def _path_warnings(key: str, name: str) -> Iterator[str]:
    if name.startswith("~") or "$" in name:
        yield f"{key}: ~ and variables are not expanded; write the full path"
    elif not Path(name).is_absolute():
        yield f"{key}: a relative path does not work in a service; write an absolute path"


def _texts(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """Yield the key and the text of every setting below a value, except urls.

    A url may contain a password.
    """
    if isinstance(value, str) and key.rpartition(".")[2] != "url":
        yield key, value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _texts(getattr(value, name), f"{key}.{name}" if key else name)
    elif isinstance(value, tuple | list):
        for number, entry in enumerate(value):
            yield from _texts(entry, f"{key}.{number}")
