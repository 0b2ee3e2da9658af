"""Describe type hints and msgspec's errors in the terms of a YAML file."""

import re
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

# In `Meta(extra=…)`, the key of a function that returns what is wrong with a text, or None.
FAULT_FUNCTION = "fault"

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
    """Return the alternatives of a hint without annotations, None and UNSET."""
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        return options(typing.get_args(hint)[0])
    if origin in (typing.Union, types.UnionType):
        return [option for one in typing.get_args(hint) for option in options(one)]
    return [] if getattr(hint, "__name__", "") in ("NoneType", "UnsetType") else [hint]


def allows_null(hint: Any) -> bool:
    """Return whether a hint allows None."""
    if typing.get_origin(hint) is typing.Annotated:
        return allows_null(typing.get_args(hint)[0])
    is_union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    return hint in (None, types.NoneType) or (
        is_union and any(map(allows_null, typing.get_args(hint)))
    )


def struct_type(hint: Any) -> Any:
    """Return the struct among the alternatives of a hint; None if there is none."""
    return next((o for o in options(hint) if hasattr(o, "__struct_fields__")), None)


def mapping_type(hint: Any) -> Any:
    """Return the dict with arbitrary keys among the alternatives of a hint; None if none."""
    return next((o for o in options(hint) if typing.get_origin(o) is dict), None)


def list_type(hint: Any) -> Any:
    """Return the list or tuple among the alternatives of a hint; None if there is none."""
    return next((o for o in options(hint) if typing.get_origin(o) in (list, tuple)), None)


def scalar_names(hint: Any) -> set[str]:
    """Return the names of the scalar types that a hint allows; a Literal counts as str."""
    return {
        "str" if typing.get_origin(option) is typing.Literal else option.__name__
        for option in options(hint)
        if option in (str, int, float, bool) or typing.get_origin(option) is typing.Literal
    }


def expected(hint: Any) -> str:
    """Return the types that a hint allows, in words."""
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


def conversion_fault(message: str, hint: Any, found: str) -> tuple[str, str | None]:
    """Return msgspec's `message` about a value in plain words, and the remedy if there is one.

    `found` describes the value.
    """
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


def text_fault(text: str, hint: Any) -> str | None:
    """Return the fault that the hint's own function finds in `text`; None if there is none."""
    for meta in _metas(hint):
        if fault := (meta.extra or {}).get(FAULT_FUNCTION, _no_fault)(text):
            return str(fault)
    return None


def _no_fault(_text: str) -> None:
    return None


def _metas(hint: Any) -> list[Any]:
    """Return the annotations of a hint and of its alternatives."""
    hints = (hint, *typing.get_args(hint))
    return [meta for one in hints for meta in getattr(one, "__metadata__", ())]


def _rule(hint: Any) -> str | None:
    """Return the description of a hint's pattern; None if it has none."""
    return next((meta.description for meta in _metas(hint) if meta.description), None)


def unknown_key(name: str, known: Mapping[str, Any]) -> str:
    """Return the error for a key that is not in `known`, which maps keys to their hints."""
    import difflib

    if name != name.strip():
        return (
            "unknown key; it begins or ends with a space character that YAML does not strip; "
            "write plain spaces"
        )
    above, dot, below = name.partition(".")
    if dot and above in known:
        return f"unknown key; write {above}: and, indented below it, {below}"
    close = difflib.get_close_matches(name[:64].lower().replace("-", "_"), known, 1, 0.6)
    inside = [one for one, hint in known.items() if name in _keys(struct_type(hint))]
    if inside and not (close and close[0].startswith(name)):
        places = _one_of([f"{one}.{name}" for one in inside])
        return f"unknown key; did you mean {places}? then indent it below {_one_of(inside)}"
    if close:
        return f"unknown key; did you mean {close[0]}?"
    if not known:
        return "unknown key; remove it"
    return f"unknown key; known here: {', '.join(known)}"


def _keys(kind: Any) -> Sequence[str]:
    return getattr(kind, "__struct_encode_fields__", ())


def _one_of(words: Sequence[str]) -> str:
    *head, last = words
    return f"{', '.join(head)} or {last}" if head else last
