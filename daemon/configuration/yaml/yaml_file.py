"""A YAML file as a frozen, typed struct; every fault in it is named by line and key.

The nodes of the document are walked beside the type hints, so that a scalar is read as the type
that is expected there, and one fault does not hide the next.
"""

import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from daemon.configuration.yaml import words
from daemon.configuration.yaml.document import Document, Problem, Struct
from daemon.configuration.yaml.nodes import compose
from daemon.configuration.yaml.values import (
    TAG,
    FaultError,
    converted,
    is_empty,
    is_null,
    mismatch,
    scalar,
    unknown_tag,
)
from daemon.errors import InputError
from daemon.system.redaction import shown

# Without a bound, aliases of aliases would make more values than memory holds.
_MOST_VALUES = 5_000
_FAULTY: Final = object()


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
        if node is None or is_null(node):
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
        except FaultError as error:
            remedy = remedy if error.remedy is None else error.remedy
            return self._note(key, f"{error}; {remedy}" if remedy else str(error))

    def _value(self, node: yaml.Node, hint: Any, key: str) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return scalar(node, hint, key)
        if node.tag not in (f"{TAG}map", f"{TAG}seq"):
            raise unknown_tag(node)
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
        struct = words.section(hint)
        if struct is not None:
            return self._struct(self._fields(node, struct, key), struct, key)
        table = words.table(hint)
        if table is None:
            raise mismatch(node, hint)
        entry = typing.get_args(table)[1]
        values = {
            name.value: self._read_entry(value, entry, self._place(key, name))
            for name, value in node.value
        }
        return _FAULTY if _FAULTY in values.values() else values

    def _read_entry(self, node: yaml.Node, hint: Any, key: str) -> Any:
        """The value of a free key; a section that is left empty is one with its defaults."""
        kind = words.section(hint)
        if kind is not None and is_null(node) and not words.allows_null(hint):
            return self._struct({}, kind, key)
        return self._read(node, hint, key)

    def _fields(self, node: yaml.MappingNode, kind: Any, key: str) -> dict[str, Any]:
        """The values of the keys that the type knows, but of none that is left empty.

        A section, a list or a mapping has its default then.
        """
        fields = {one.encode_name: one for one in msgspec.structs.fields(kind)}
        known = {name: one.type for name, one in fields.items()}
        values: dict[str, Any] = {}
        for name, value in node.value:
            place = self._place(key, name)
            one = fields.get(name.value)
            if one is None:
                self._note(place, words.unknown_key(name.value, known))
            elif is_empty(value) and _is_ambiguous(one):
                values[name.value] = self._note(place, _left_empty(one.type))
            elif not (is_null(value) and _has_parts(one)):
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
        row = words.row(hint)
        if row is None:
            raise mismatch(node, hint)
        entries = [entry for entry in typing.get_args(row) if entry is not Ellipsis]
        last = len(entries) - 1
        values = [
            self._read(value, entries[min(n, last)], self._place(key, value, str(n)))
            for n, value in enumerate(node.value)
        ]
        return _FAULTY if _FAULTY in values else converted(values, hint, "a list")

    def _place(self, key: str, node: yaml.Node, name: str | None = None) -> str:
        """The path of a key, whose line is remembered."""
        name = shown(node.value)[1:-1] if name is None else name
        place = f"{key}.{name}" if key else name
        self.lines[place] = node.start_mark.line + 1
        return place


def _has_parts(one: msgspec.structs.FieldInfo) -> bool:
    """Whether it is a section, a list or a mapping that has a default and is never None."""
    hint = one.type
    parts = (words.section(hint), words.table(hint), words.row(hint))
    has_default = not one.required or hasattr(hint, "__struct_fields__")
    return any(part is not None for part in parts) and has_default and not words.allows_null(hint)


def _left_empty(hint: Any) -> str:
    from daemon.configuration.yaml import remedies

    return f"it is empty; {remedies.of_empty(hint)}"


def _is_ambiguous(one: msgspec.structs.FieldInfo) -> bool:
    """Whether null there is something else than its default, or than an empty section."""
    if not words.allows_null(one.type):
        return False
    return one.default is not None or words.section(one.type) is not None
