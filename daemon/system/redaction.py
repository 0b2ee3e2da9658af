"""What may be shown of text that others wrote: one short line, and no address with its login."""

import re

_MOST_CHARACTERS = 60
_LOGIN = re.compile(r"(\w+://)\S*@")
_MAYBE_LOGIN = re.compile(r"\S*@")
_ADDRESS = re.compile(r"(\w*:/*/).*", re.DOTALL)


def without_logins(text: str) -> str:
    """The text with `…` for user and password of every `scheme://user:password@host` in it."""
    return _LOGIN.sub(r"\1…@", text) if "://" in text else text


def without_words_before_at(text: str) -> str:
    """The text with `…` for every word up to its last `@`: part of an address that is misspelt."""
    return _MAYBE_LOGIN.sub("…@", text) if "@" in text else text


def shown(text: str) -> str:
    """The text as a quoted literal on one line, shortened; of an address the scheme or the host."""
    _, at, rest = _ADDRESS.sub(r"\1…", text).rpartition("@")
    quoted = repr(f"…@{rest}" if at else rest)
    return quoted if len(quoted) <= _MOST_CHARACTERS else f"{quoted[:_MOST_CHARACTERS]}…'"
