"""Read a YAML file into a frozen, typed struct; every error names line and key.

The reader walks the nodes and the type hints in parallel. Each scalar is therefore read as the
type that is expected there, and all errors are found in one pass.
"""

import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from daemon.configuration.yaml import type_hints
from daemon.configuration.yaml.document import Document, Problem, Struct
from daemon.configuration.yaml.nodes import compose, compose_text
from daemon.configuration.yaml.values import (
    TAG,
    FaultError,
    converted,
    is_empty,
    is_null,
    scalar_value,
    type_mismatch,
    unknown_tag,
)
from daemon.errors import InputError
from daemon.system.redaction import safe_literal

# Without a limit, nested aliases could expand to more values than fit in memory.
_MOST_VALUES = 5_000
_FAULTY: Final = object()


def read_yaml(path: Path, kind: type[Struct]) -> Struct:
    """Return the file as a `kind`; an empty file gives a `kind` with all defaults.

    Raises InputError, with a line for each error, if the file cannot be read or parsed, or has an
    unknown key, a wrong type or a value out of range.
    """
    return read_document(path, kind).valid_value()


def read_document(path: Path, kind: type[Struct]) -> Document[Struct]:
    """Return the valid values and the problems; raises InputError if the file is not YAML."""
    reader = _Reader(path)
    value = reader.read_document(compose(path), kind)
    return Document(path, value, tuple(reader.problems), reader.lines)


def read_value(text: str, hint: Any, key: str, name: str) -> Any:
    """Return the value of one key, read from a YAML text as it would be from a file.

    `name` stands for the text in errors. Raises InputError as `read_yaml` does.
    """
    node = compose_text(text, name)
    reader = _Reader(Path(name))
    value = None if node is None else reader.read_value(node, hint, key)
    if reader.problems:
        raise InputError(*(f"{name}: {problem}" for problem in reader.problems))
    return value


@dataclass
class _Reader:
    """Converts nodes to values of a type, and collects the problems."""

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

    def read_value(self, node: yaml.Node, hint: Any, key: str) -> Any:
        return self._read(node, hint, key, optional=True)

    def _read(self, node: yaml.Node, hint: Any, key: str, *, optional: bool = False) -> Any:
        """Return the node as a value of the type; on a fault, note a problem and return `_FAULTY`.

        `optional` is True if the key has a default.
        """
        self._count(node)
        remedy = "correct it, or remove it for the default" if optional else "correct it"
        try:
            return self._value(node, hint, key)
        except FaultError as error:
            remedy = remedy if error.remedy is None else error.remedy
            return self._note(key, f"{error}; {remedy}" if remedy else str(error))

    def _value(self, node: yaml.Node, hint: Any, key: str) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return scalar_value(node, hint, key)
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
        struct = type_hints.struct_type(hint)
        if struct is not None:
            return self._struct(self._fields(node, struct, key), struct, key)
        table = type_hints.mapping_type(hint)
        if table is None:
            raise type_mismatch(node, hint)
        entry = typing.get_args(table)[1]
        values = {
            name.value: self._read_entry(value, entry, self._place(key, name))
            for name, value in node.value
        }
        return _FAULTY if _FAULTY in values.values() else values

    def _read_entry(self, node: yaml.Node, hint: Any, key: str) -> Any:
        """Return the value of an arbitrary key; an empty section has all its defaults."""
        kind = type_hints.struct_type(hint)
        if kind is not None and is_null(node) and not type_hints.allows_null(hint):
            return self._struct({}, kind, key)
        return self._read(node, hint, key)

    def _fields(self, node: yaml.MappingNode, kind: Any, key: str) -> dict[str, Any]:
        """Return the values of the keys in the type, and note a problem for every other key.

        Empty sections, lists and mappings are left out, so that they have their defaults.
        """
        fields = {one.encode_name: one for one in msgspec.structs.fields(kind)}
        known = {name: one.type for name, one in fields.items()}
        values: dict[str, Any] = {}
        for name, value in node.value:
            place = self._place(key, name)
            one = fields.get(name.value)
            if one is None:
                self._note(place, type_hints.unknown_key(name.value, known))
            elif is_empty(value) and _is_ambiguous(one):
                values[name.value] = self._note(place, _left_empty(one.type))
            elif not (is_null(value) and _has_parts(one)):
                values[name.value] = self._read(value, one.type, place, optional=not one.required)
        return values

    def _struct(self, values: dict[str, Any], kind: Any, key: str) -> Any:
        """Return the struct with defaults for faulty values; `_FAULTY` if one has no default."""
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
            # The default of a faulty key may be what contradicts another key.
            return _FAULTY if faulty else self._note(key, f"{error}; correct it")

    def _read_list(self, node: yaml.Node, hint: Any, key: str) -> Any:
        row = type_hints.list_type(hint)
        if row is None:
            raise type_mismatch(node, hint)
        entries = [entry for entry in typing.get_args(row) if entry is not Ellipsis]
        last = len(entries) - 1
        values = [
            self._read(value, entries[min(n, last)], self._place(key, value, str(n)))
            for n, value in enumerate(node.value)
        ]
        return _FAULTY if _FAULTY in values else converted(values, hint, "a list")

    def _place(self, key: str, node: yaml.Node, name: str | None = None) -> str:
        """Return the path of a key, and record its line."""
        name = safe_literal(node.value)[1:-1] if name is None else name
        place = f"{key}.{name}" if key else name
        self.lines[place] = node.start_mark.line + 1
        return place


def _has_parts(one: msgspec.structs.FieldInfo) -> bool:
    """Return whether it is a section, a list or a mapping with a default, and never None."""
    hint = one.type
    parts = (
        type_hints.struct_type(hint),
        type_hints.mapping_type(hint),
        type_hints.list_type(hint),
    )
    has_default = not one.required or hasattr(hint, "__struct_fields__")
    return (
        any(part is not None for part in parts) and has_default and not type_hints.allows_null(hint)
    )


def _left_empty(hint: Any) -> str:
    from daemon.configuration.yaml import remedies

    return f"it is empty; {remedies.of_empty(hint)}"


def _is_ambiguous(one: msgspec.structs.FieldInfo) -> bool:
    """Return whether null there means something other than the default or an empty section."""
    if not type_hints.allows_null(one.type):
        return False
    return one.default is not None or type_hints.struct_type(one.type) is not None
