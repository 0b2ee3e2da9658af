"""A YAML file as a frozen, typed struct; every fault in it is named by line and key.

The nodes of the document are walked beside the type hints, so that a scalar is read as the type
that is expected there, and one fault does not hide the next.
"""

import re
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple, Self, TypeVar

import msgspec
import yaml

from daemon import yaml_words
from daemon.errors import InputError
from daemon.redaction import shown
from daemon.yaml_document import compose
from daemon.yaml_scalars import Base60, Scalar, plain_value

Struct = TypeVar("Struct", bound=msgspec.Struct)

_MOST_PROBLEMS = 20
# Without a bound, aliases of aliases would make more values than memory holds.
_MOST_VALUES = 5_000
_TAG = "tag:yaml.org,2002:"
_TAGGED: Mapping[str, tuple[type, ...]] = {
    f"{_TAG}int": (int,),
    f"{_TAG}float": (int, float),
    f"{_TAG}bool": (bool,),
    f"{_TAG}null": (type(None),),
}
_LOGIN = re.compile(r"://.*@", re.DOTALL)
_FAULTY: Final = object()


class Problem(NamedTuple):
    """What is wrong with the value of `key` ("" for the document), and the remedy."""

    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.key}: {self.text}" if self.key else self.text


@dataclass(frozen=True)
class Document(Generic[Struct]):
    """What a file says: `value` has the default where a key is faulty, and is None without one.

    `lines` are the lines of the keys in the file, counted from 1.
    """

    path: Path
    value: Struct | None
    problems: tuple[Problem, ...]
    lines: Mapping[str, int]

    def with_problems(self, more: Iterable[Problem]) -> Self:
        """The same with more problems."""
        return replace(self, problems=(*self.problems, *more))

    def is_sound(self, *keys: str) -> bool:
        """Whether none of these keys, nor any key below them, has a problem."""
        return not any(
            problem.key == key or problem.key.startswith(f"{key}.")
            for problem in self.problems
            for key in keys
        )

    def located(self, problems: Iterable[Problem]) -> list[str]:
        """The problems as lines that name file and line, in the order of the file."""
        found = sorted((self._line_of(p.key), n, str(p)) for n, p in enumerate(problems))
        lines = [f"{self.path}{f', line {n}' if n else ''}: {text}" for n, _, text in found]
        if len(lines) > _MOST_PROBLEMS:
            more = len(lines) - _MOST_PROBLEMS
            lines[_MOST_PROBLEMS:] = [f"{self.path}: {more} more errors; correct these first"]
        return lines

    def sound(self) -> Struct:
        """The value; raises InputError with every problem where there are any."""
        if self.problems or self.value is None:
            raise InputError(*self.located(self.problems))
        return self.value

    def _line_of(self, key: str) -> int:
        """The line of a key, else of the nearest key above it; 0 where the file has neither."""
        while key and key not in self.lines:
            key = key.rpartition(".")[0]
        return self.lines.get(key, 0) if key else 0


def read_yaml(path: Path, kind: type[Struct]) -> Struct:
    """The file as a `kind`; an empty file is a `kind` with every default.

    Raises InputError, a line for each fault, for a file that cannot be read or parsed, an unknown
    key, a wrong type or a value out of range.
    """
    return read_document(path, kind).sound()


def read_document(path: Path, kind: type[Struct]) -> Document[Struct]:
    """The file as far as it can be understood; raises InputError where it is not YAML at all."""
    reader = _Reader(path)
    value = reader.read_document(compose(path), kind)
    return Document(path, value, tuple(reader.problems), reader.lines)


@dataclass
class _Reader:
    """Turns nodes into values of a type, and collects what is wrong."""

    path: Path
    problems: list[Problem] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    _values: int = 0

    def read_document(self, node: yaml.Node | None, kind: type[Struct]) -> Struct | None:
        if node is None or _is_null(node):
            value = self._struct({}, kind, "")
        else:
            value = self._read(node, kind, "")
        return None if value is _FAULTY else value

    def _read(self, node: yaml.Node, hint: Any, key: str, *, optional: bool = False) -> Any:
        """The node as a value of the type; `_FAULTY` once a problem is noted.

        `optional`: there is a default, so that the key may be left out.
        """
        self._count(node)
        remedy = "correct it, or leave it out for the default" if optional else "correct it"
        try:
            return self._value(node, hint, key)
        except _FaultError as error:
            text = str(error)
            return self._note(key, text if "; " in text else f"{text}; {remedy}")

    def _value(self, node: yaml.Node, hint: Any, key: str) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node, hint, key)
        if node.tag not in (f"{_TAG}map", f"{_TAG}seq"):
            raise _unknown_tag(node)
        if isinstance(node, yaml.MappingNode):
            return self._read_mapping(node, hint, key)
        return self._read_list(node, hint, key)

    def _count(self, node: yaml.Node) -> None:
        self._values += 1
        if self._values > _MOST_VALUES:
            raise InputError(
                f"{self.path}, line {node.start_mark.line + 1}: "
                f"aliases repeat more than {_MOST_VALUES} values; write fewer"
            )

    def _note(self, key: str, text: str) -> Any:
        self.problems.append(Problem(key, text))
        return _FAULTY

    def _read_mapping(self, node: yaml.MappingNode, hint: Any, key: str) -> Any:
        options = yaml_words.options(hint)
        struct = next((o for o in options if hasattr(o, "__struct_fields__")), None)
        if struct is not None:
            return self._struct(self._fields(node, struct, key), struct, key)
        table = next((o for o in options if typing.get_origin(o) is dict), None)
        if table is None:
            raise _mismatch(hint, "a mapping of keys")
        entry = typing.get_args(table)[1]
        values = {
            name.value: self._read(value, entry, self._place(key, name))
            for name, value in node.value
        }
        return _FAULTY if _FAULTY in values.values() else values

    def _fields(self, node: yaml.MappingNode, kind: Any, key: str) -> dict[str, Any]:
        """The values of the keys that the type knows, but of no section that is left empty."""
        known = {one.encode_name: one for one in msgspec.structs.fields(kind)}
        values: dict[str, Any] = {}
        for name, value in node.value:
            place = self._place(key, name)
            one = known.get(name.value)
            if one is None:
                self._note(place, yaml_words.unknown_key(name.value, list(known)))
            elif not (_is_null(value) and hasattr(one.type, "__struct_fields__")):
                values[name.value] = self._read(value, one.type, place, optional=not one.required)
        return values

    def _struct(self, values: dict[str, Any], kind: Any, key: str) -> Any:
        """The struct with the default for each faulty value; `_FAULTY` where one has no default."""
        faulty = {name for name, value in values.items() if value is _FAULTY}
        for one in msgspec.structs.fields(kind):
            if one.required and one.encode_name not in values:
                faulty.add(one.encode_name)
                place = f"{key}.{one.encode_name}" if key else one.encode_name
                self._note(place, "missing; this key has no default")
        if any(one.required and one.encode_name in faulty for one in msgspec.structs.fields(kind)):
            return _FAULTY
        try:
            return kind(**{name: value for name, value in values.items() if name not in faulty})
        except ValueError as error:
            return self._note(key, f"{error}; correct it")

    def _read_list(self, node: yaml.Node, hint: Any, key: str) -> Any:
        row = next((o for o in yaml_words.options(hint) if _is_list(o)), None)
        if row is None:
            raise _mismatch(hint, "a list")
        entries = [entry for entry in typing.get_args(row) if entry is not Ellipsis]
        last = len(entries) - 1
        values = [
            self._read(value, entries[min(n, last)], self._place(key, value, str(n)))
            for n, value in enumerate(node.value)
        ]
        return _FAULTY if _FAULTY in values else _converted(values, hint, "a list")

    def _place(self, key: str, node: yaml.Node, name: str | None = None) -> str:
        """The path of a key, whose line is remembered."""
        name = shown(node.value)[1:-1] if name is None else name
        place = f"{key}.{name}" if key else name
        self.lines[place] = node.start_mark.line + 1
        return place


class _FaultError(Exception):
    """What is wrong with one value."""


def _scalar(node: yaml.ScalarNode, hint: Any, key: str) -> Any:
    names = yaml_words.scalar_names(hint)
    value = _interpreted(node, names)
    is_secret = key.rpartition(".")[2] == "url"
    found = "something else" if is_secret else _found(node, value, names)
    if isinstance(value, Base60):
        raise _FaultError(
            f"expected {yaml_words.expected(hint)}, found {found}, "
            f"which YAML readers take for {value.seconds:g} or for text; write the number"
        )
    if isinstance(value, str) and not _is_clean(value):
        raise _FaultError(f"found {found}; leave out NUL and characters that UTF-8 does not have")
    converted = _converted(value, hint, found)
    if isinstance(value, str) and not is_secret and _LOGIN.search(value):
        raise _FaultError("found an address with a login, which is not shown; correct it")
    return converted


def _interpreted(node: yaml.ScalarNode, names: set[str]) -> Scalar:
    """The scalar by its tag; without one, by itself and by what is expected."""
    if node.tag in _TAGGED:
        value = plain_value(node.value)
        if not isinstance(value, _TAGGED[node.tag]):
            raise _FaultError(f"{shown(node.value)} does not fit its tag; leave the tag out")
        return value
    if node.tag != f"{_TAG}str":
        raise _unknown_tag(node)
    return _expected_value(node.value, names) if node.style is None else str(node.value)


def _unknown_tag(node: yaml.Node) -> _FaultError:
    tag = node.tag.replace(_TAG, "!!")
    return _FaultError(f"the tag {shown(tag)} is not supported; leave it out")


def _expected_value(text: str, names: set[str]) -> Scalar:
    """A scalar without quotes, as the first that fits of what is expected, and else as it reads."""
    value = plain_value(text)
    if value is None or type(value).__name__ in names:
        return value
    if isinstance(value, int) and not isinstance(value, bool) and "float" in names:
        return value
    if "str" in names or (isinstance(value, Base60) and not names & {"int", "float"}):
        return text
    return value


def _is_clean(text: str) -> bool:
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def _found(node: yaml.ScalarNode, value: Scalar, names: set[str]) -> str:
    if isinstance(value, str):
        return shown(value) if "str" in names else f"the text {shown(value)}"
    return "nothing" if value is None else node.value[:60]


def _converted(value: Any, hint: Any, found: str) -> Any:
    try:
        return msgspec.convert(value, hint)
    except msgspec.ValidationError as error:
        raise _FaultError(yaml_words.complaint(str(error), hint, found)) from None


def _mismatch(hint: Any, found: str) -> _FaultError:
    return _FaultError(f"expected {yaml_words.expected(hint)}, found {found}")


def _is_list(option: Any) -> bool:
    return typing.get_origin(option) in (list, tuple)


def _is_null(node: yaml.Node) -> bool:
    return (
        isinstance(node, yaml.ScalarNode) and node.style is None and plain_value(node.value) is None
    )
