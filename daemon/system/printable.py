"""Foreign text made safe for a terminal: file names, device names, MQTT messages, log lines."""


def printable(text: str, *, keep: str = "") -> str:
    r"""The text with every character that could control a terminal written as an escape.

    For example `\x1b[2J` instead of clearing the screen. Characters in `keep` stay as they are.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else _escaped(c) for c in text)


def first_invisible(text: str) -> str | None:
    """Return the first character, as U+ and its number, that nobody can see or tell from a space.

    None without one. The zero-width joiner of emoji is allowed.
    """
    found = next((c for c in text if not c.isprintable() and c != "\u200d"), None)
    return None if found is None else f"U+{ord(found):04X}"


def printable_bytes(data: bytes) -> str:
    """Bytes of unknown content as printable text; what is not UTF-8 becomes escapes."""
    return printable(data.decode(errors="backslashreplace"))


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
