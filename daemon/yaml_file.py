"""A YAML file as a frozen, typed struct; what is wrong in it is named by line or by key."""

import re
import typing
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from daemon.errors import InputError

Struct = TypeVar("Struct", bound=msgspec.Struct)

_ANY_KEY = "[...]"
_WORDS = {
    "float": "a number",
    "int": "a whole number",
    "str": "text",
    "bool": "true or false",
    "object": "a mapping of keys",
    "array": "a list",
    "null": "nothing",
}


def read_yaml(path: Path, kind: type[Struct]) -> Struct:
    """The file as a `kind`; an empty file is a `kind` with every default.

    Raises InputError for a file that cannot be read or parsed (with line and column), an unknown
    key, a wrong type or a value out of range (with the key).
    """
    try:
        document = yaml.load(path.read_bytes(), _Loader)  # noqa: S506
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; name a readable YAML file") from None
    except (
        yaml.YAMLError,
        RecursionError,
        ValueError,
        ArithmeticError,
        LookupError,
        AttributeError,
    ) as error:
        raise InputError(f"{path}{_without_login(_syntax_reason(error))}") from None
    try:
        return msgspec.convert(_without_empty_sections(document, kind), kind)
    except msgspec.ValidationError as error:
        reason = _without_login(_reason(str(error), document, kind))
        raise InputError(f"{path}: {reason}") from None
    except RecursionError:
        raise InputError(f"{path}: an alias contains itself; write the values out") from None


def _without_empty_sections(document: Any, kind: Any) -> Any:
    """A section whose every line is a comment reads as None, but means its defaults."""
    if document is None:
        return {}
    if not isinstance(document, dict):
        return document
    hints = typing.get_type_hints(kind)
    return {
        key: value
        for key, value in document.items()
        if value is not None or not hasattr(hints.get(key), "__struct_fields__")
    }


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses a key written twice, of which one would be lost silently.

    In Python: the one in C overflows its stack on deep nesting and takes the process with it.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            seen.add(str(key.value))
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def _syntax_reason(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return f"{where}: not valid YAML: {problem}; correct that place"


def _reason(message: str, document: object, kind: Any) -> str:
    """Rephrase "problem - at `$.section.key`" as "section.key: problem; remedy"."""
    message = message.replace(" - at `key` in `$", " as a key - at `$")
    problem, _, place = message.partition(" - at `$")
    path = _resolved(place.rstrip("`").lstrip("."), document, kind)
    key = ".".join(path)
    if "unknown field" in problem:
        unknown = problem.split("`")[1]
        return f"{'.'.join([*path, unknown])}: unknown key; {_suggestion(unknown, path, kind)}"
    if "missing required" in problem:
        return f"{'.'.join([*path, problem.split('`')[1]])}: missing; this key has no default"
    where = f"{key}: " if key else ""
    if rule := _rule(path, kind) if "regex" in problem else None:
        return f"{where}found {_found(document, path)}; use {rule}"
    wanted = re.sub(r"`([\w |]+)`", _in_words, problem)
    wanted = wanted[0].lower() + wanted[1:]
    found = "" if ", got" in wanted else f", found {_found(document, path)}"
    remedy = (
        "correct it, or leave it out for the default" if _is_optional(path, kind) else "correct it"
    )
    return f"{where}{wanted}{found}; {remedy}"


def _is_optional(path: list[str], kind: Any) -> bool:
    """Whether the key at a path may be left out."""
    owner = _plain(_kind_at(kind, path[:-1]))
    fields = msgspec.structs.fields(owner) if hasattr(owner, "__struct_fields__") else ()
    return any(field.encode_name in path[-1:] and not field.required for field in fields)


def _found(document: object, path: list[str]) -> str:
    """A value to be shown, unless it is an address, in which anything may be a secret."""
    return "another" if path and path[-1] == "url" else repr(_value_at(document, path))


def _without_login(reason: str) -> str:
    """Wherever an address stands in a file by mistake, its user and password are not shown."""
    return re.sub(r"\S*@", "…@", reason)


def _in_words(types: re.Match[str]) -> str:
    names = [name for name in types[1].split(" | ") if name != "null"] or ["null"]
    return " or ".join(_WORDS.get(name, name) for name in names)


def _resolved(place: str, document: object, kind: Any) -> list[str]:
    """The keys of a place; msgspec writes `[...]` for a free key, so the wrong one is sought."""
    path: list[str] = []
    for part in re.findall(r"\[\.\.\.\]|[^.\[\]]+", place):
        if part == _ANY_KEY:
            entry = _kind_at(kind, [*path, part])
            entries = _value_at(document, path).items()
            path.append(next((str(k) for k, v in entries if not _converts(v, entry)), "?"))
        else:
            path.append(part)
    return path


def _converts(value: object, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _value_at(document: Any, path: list[str]) -> Any:
    for part in path:
        if isinstance(document, dict):
            document = document.get(part)
        elif isinstance(document, list):
            document = document[int(part)]
    return document


def _kind_at(kind: Any, path: list[str]) -> Any:
    """The type hint behind a path of keys, through optional sections and free keys."""
    for part in path:
        kind = _plain(kind)
        arguments = typing.get_args(kind)
        if typing.get_origin(kind) is dict:
            kind = arguments[1]
        elif part.isdigit():
            kind = arguments[0]
        elif hasattr(kind, "__struct_fields__"):
            kind = typing.get_type_hints(kind, include_extras=True).get(part)
        else:
            return None
    return kind


def _plain(kind: Any) -> Any:
    """A hint without `| None` and without annotations."""
    if typing.get_origin(kind) in (dict, list, tuple):
        return kind
    options = [a for a in typing.get_args(kind) if a is not type(None)]
    return options[0] if options else kind


def _rule(path: list[str], kind: Any) -> str | None:
    """What a text must look like, in words: the description of its pattern."""
    hint = _kind_at(kind, path)
    metas = [
        meta
        for option in (hint, *typing.get_args(hint))
        for meta in getattr(option, "__metadata__", ())
    ]
    return next((m.description for m in metas if getattr(m, "description", None)), None)


def _suggestion(unknown: str, path: list[str], kind: Any) -> str:
    import difflib

    section = _plain(_kind_at(kind, path))
    known = list(getattr(section, "__struct_fields__", ()))
    if close := difflib.get_close_matches(unknown, known, 1, 0.6):
        return f"did you mean {close[0]}?"
    return f"known here: {', '.join(known)}" if known else "leave it out"
