"""Make foreign text safe for a terminal: file names, device names, MQTT messages, log lines."""


def printable(text: str, *, keep: str = "") -> str:
    r"""Return `text` with every character that could control a terminal written as an escape.

    For example, the sequence that clears the screen becomes `\x1b[2J`. Characters in `keep` are
    not changed.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else _escaped(c) for c in text)


def first_invisible(text: str) -> str | None:
    """Return the first character that is invisible or looks like a space, such as "U+200B".

    Return None if there is none. The zero-width joiner of emoji is allowed.
    """
    found = next((c for c in text if not c.isprintable() and c != "\u200d"), None)
    return None if found is None else f"U+{ord(found):04X}"


def printable_bytes(data: bytes) -> str:
    """Return bytes of unknown content as printable text; bytes that are not UTF-8 are escaped."""
    return printable(data.decode(errors="backslashreplace"))


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
