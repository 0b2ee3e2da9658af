"""An experiment with other values of some keys, which are named with dots."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from daemon.configuration.yaml import type_hints
from daemon.errors import InputError

Experiment = TypeVar("Experiment", bound=msgspec.Struct)

_SECTIONS = ("front_end", "model", "training", "augmentation", "pruning")
_KEY = "data.balancing"
"""Other keys, such as `seed`, change which recordings are measured, or where the results go."""


def replaced(
    experiment: Experiment, values: Mapping[str, Any], removed: Sequence[str] = ()
) -> Experiment:
    """Return an experiment with other values of some keys, and the defaults of others.

    Raises InputError, which names the key, if it is unknown, must not vary, or if its value does
    not fit.
    """
    written = copy.deepcopy(msgspec.to_builtins(experiment))
    for key in removed:
        _check(type(experiment), key, may_be_section=True)
        section, _, name = key.rpartition(".")
        (written.get(section, {}) if section else written).pop(name, None)
    for key, value in values.items():
        _check(type(experiment), key)
        section, _, name = key.rpartition(".")
        place = written.setdefault(section, {}) if section else written
        is_round = isinstance(value, float) and value.is_integer()
        whole = is_round and is_whole(type(experiment), key)
        place[name] = int(value) if whole else msgspec.to_builtins(value)
    try:
        return msgspec.convert(written, type(experiment))
    except msgspec.ValidationError as error:
        keys = ", ".join([*values, *removed])
        raise InputError(f"{keys}: {str(error).partition(' - at ')[0]}") from None


def is_whole(kind: type[msgspec.Struct], key: str) -> bool:
    """Return whether the values of a key are whole numbers."""
    return type_hints.scalar_names(_hint(kind, key)) == {"int"}


def _check(kind: type[msgspec.Struct], key: str, *, may_be_section: bool = False) -> None:
    section, dot, name = key.partition(".")
    if key == _KEY or (may_be_section and key in _SECTIONS[2:]):
        return
    if section not in _SECTIONS or not dot:
        raise InputError(
            f"{key}: it cannot vary; these can: the keys of {', '.join(_SECTIONS)}, and {_KEY}"
        )
    known = _fields(type_hints.struct_type(_fields(kind)[section]))
    if name not in known:
        raise InputError(f"{key}: {type_hints.unknown_key(name, known)}")


def _hint(kind: type[msgspec.Struct], key: str) -> Any:
    section, dot, name = key.partition(".")
    hint = _fields(kind)[section]
    return _fields(type_hints.struct_type(hint))[name] if dot else hint


def _fields(kind: Any) -> dict[str, Any]:
    return {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
