"""Make foreign text safe to show: one short line, and no logins in addresses."""

import re

_MOST_CHARACTERS = 60
_LOGIN = re.compile(r"(\w+://)\S*@")
_MAYBE_LOGIN = re.compile(r"\S*@")
_ADDRESS = re.compile(r"(\w*:/*/).*", re.DOTALL)


def without_logins(text: str) -> str:
    """Return `text` with `…` for the user and password of every `scheme://user:password@host`."""
    return _LOGIN.sub(r"\1…@", text) if "://" in text else text


def without_words_before_at(text: str) -> str:
    """Return `text` with `…` for the part of each word up to its last `@`.

    This also removes logins from addresses that are misspelt.
    """
    return _MAYBE_LOGIN.sub("…@", text) if "@" in text else text


def safe_literal(text: str) -> str:
    """Return `text` as a quoted literal on one line, shortened to 60 characters.

    Addresses are cut after the scheme. Text up to the last `@` is replaced by `…`.
    """
    _, at, rest = _ADDRESS.sub(r"\1…", text).rpartition("@")
    quoted = repr(f"…@{rest}" if at else rest)
    return quoted if len(quoted) <= _MOST_CHARACTERS else f"{quoted[:_MOST_CHARACTERS]}…'"
