"""Turn type hints and msgspec's errors into a YAML author's words."""

import re
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

# The key of a function in a `Meta(extra=…)`: a text to what is wrong with it, or None.
FAULT = "fault"

_WORDS = {
    "float": "a number",
    "int": "a whole number",
    "str": "text",
    "bool": "true or false",
    "object": "a mapping of keys",
    "array": "a list",
    "null": "nothing",
}


def options(hint: Any) -> list[Any]:
    """The alternatives of a hint without their annotations; None and UNSET are no alternatives."""
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        return options(typing.get_args(hint)[0])
    if origin in (typing.Union, types.UnionType):
        return [option for one in typing.get_args(hint) for option in options(one)]
    return [] if getattr(hint, "__name__", "") in ("NoneType", "UnsetType") else [hint]


def allows_null(hint: Any) -> bool:
    """Whether a hint allows None."""
    if typing.get_origin(hint) is typing.Annotated:
        return allows_null(typing.get_args(hint)[0])
    is_union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    return hint in (None, types.NoneType) or (
        is_union and any(map(allows_null, typing.get_args(hint)))
    )


def section(hint: Any) -> Any:
    """The struct among the alternatives of a hint; None without one."""
    return next((o for o in options(hint) if hasattr(o, "__struct_fields__")), None)


def table(hint: Any) -> Any:
    """The mapping of free keys among the alternatives of a hint; None without one."""
    return next((o for o in options(hint) if typing.get_origin(o) is dict), None)


def row(hint: Any) -> Any:
    """The list among the alternatives of a hint; None without one."""
    return next((o for o in options(hint) if typing.get_origin(o) in (list, tuple)), None)


def scalar_names(hint: Any) -> set[str]:
    """Which of str, int, float and bool a hint allows; a literal is a str."""
    return {
        "str" if typing.get_origin(option) is typing.Literal else option.__name__
        for option in options(hint)
        if option in (str, int, float, bool) or typing.get_origin(option) is typing.Literal
    }


def expected(hint: Any) -> str:
    """What a hint allows, in words."""
    names = [
        "object" if _is_object(option)
        else "array" if typing.get_origin(option) in (list, tuple)
        else "str" if typing.get_origin(option) is typing.Literal
        else option.__name__
        for option in options(hint)
    ]  # fmt: skip
    return " or ".join(dict.fromkeys(_WORDS.get(name, name) for name in names))


def _is_object(option: Any) -> bool:
    return hasattr(option, "__struct_fields__") or typing.get_origin(option) is dict


def complaint(message: str, hint: Any, found: str) -> tuple[str, str | None]:
    """Msgspec's message about one value, shown as `found`, and the remedy where it has one."""
    if "regex" in message and (rule := _rule(hint)):
        return f"found {found}", f"use {rule}"
    if message.startswith("Invalid enum value"):
        allowed = [str(v) for o in options(hint) for v in typing.get_args(o)]
        return f"found {found}", f"use {_one_of(allowed)}"
    wanted = re.sub(r"`([\w |]+)`", _in_words, message.partition(", got")[0])
    return f"{wanted[0].lower()}{wanted[1:]}, found {found}", None


def _in_words(names: re.Match[str]) -> str:
    known = [name for name in names[1].split(" | ") if name != "null"] or ["null"]
    return " or ".join(_WORDS.get(name, name) for name in known)


def fault_of(text: str, hint: Any) -> str | None:
    """What the hint's own function says is wrong with a text, with the remedy; None: nothing."""
    for meta in _metas(hint):
        if fault := (meta.extra or {}).get(FAULT, _no_fault)(text):
            return str(fault)
    return None


def _no_fault(_text: str) -> None:
    return None


def _metas(hint: Any) -> list[Any]:
    """The annotations of a hint and of its alternatives."""
    hints = (hint, *typing.get_args(hint))
    return [meta for one in hints for meta in getattr(one, "__metadata__", ())]


def _rule(hint: Any) -> str | None:
    """What a text must look like: the description of its pattern."""
    return next((meta.description for meta in _metas(hint) if meta.description), None)


def unknown_key(name: str, known: Mapping[str, Any]) -> str:
    """What to say about a key that is none of the known ones, which have these hints."""
    import difflib

    if name != name.strip():
        return "unknown key; a space that YAML does not know belongs to it; write plain spaces"
    above, dot, below = name.partition(".")
    if dot and above in known:
        return f"unknown key; write {above}: and below it, indented, {below}"
    close = difflib.get_close_matches(name[:64].lower().replace("-", "_"), known, 1, 0.6)
    inside = [one for one, hint in known.items() if name in _keys(section(hint))]
    if inside and not (close and close[0].startswith(name)):
        places = _one_of([f"{one}.{name}" for one in inside])
        return f"unknown key; did you mean {places}? then indent it below {_one_of(inside)}"
    if close:
        return f"unknown key; did you mean {close[0]}?"
    if not known:
        return "unknown key; leave it out"
    return f"unknown key; known here: {', '.join(known)}"


def _keys(kind: Any) -> Sequence[str]:
    return getattr(kind, "__struct_encode_fields__", ())


def _one_of(words: Sequence[str]) -> str:
    *head, last = words
    return f"{', '.join(head)} or {last}" if head else last
