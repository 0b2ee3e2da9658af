"""Suggest how to correct values of the wrong type; None if there is no specific advice."""

import re
import typing
from typing import Any

from daemon.configuration.yaml import type_hints
from daemon.configuration.yaml.scalars import Octal, Scalar, plain_value
from daemon.system.redaction import safe_literal

_UNITS = {"seconds": "seconds", "dbfs": "dBFS", "megabytes": "megabytes", "days": "days"}
_NUMBER_AND_UNIT = re.compile(r"[-+]?[0-9.,]+\s*([^\W\d_]+|%)\Z")
_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+\Z")
_WORDS = re.compile(r"[\w., -]*\Z")
_THOUSANDS = re.compile(r"[-+]?[0-9]{1,3}([ ,'\u00a0\u202f][0-9]{3})+\Z")
_MINUS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
_LONGEST_SHOWN = 40


def of_scalar(value: Scalar, hint: Any, key: str, *, is_word: bool) -> str | None:
    """Return how to correct a scalar whose type does not fit the hint.

    A `value` of None is an empty node, or if `is_word`, a word such as `null`.
    """
    if type_hints.struct_type(hint) is not None or type_hints.mapping_type(hint) is not None:
        return _of_section(value, hint)
    if (row := type_hints.list_type(hint)) is not None:
        return _of_list(value, row)
    names = type_hints.scalar_names(hint)
    if value is None:
        return "quote it if it is text, or remove the key" if is_word and "str" in names else None
    if value == "" and type_hints.allows_null(hint):
        return "write null, or remove the key"
    if names == {"bool"}:
        return "write true or false"
    return _of_number(value, hint, key) if names and names <= {"int", "float"} else None


def of_octal(value: Octal) -> str:
    """Return how to correct a number with a leading zero."""
    if value.octal is None or value.octal == value.decimal:
        return f"write {value.decimal}"
    if value.is_marked:
        return f"write {value.octal}"
    return f"write {value.decimal} or {value.octal}, whichever is meant"


def of_collection(hint: Any, *, is_list: bool, is_empty: bool) -> str | None:
    """Return how to correct a list or a mapping where another type is expected."""
    if type_hints.struct_type(hint) is not None or type_hints.mapping_type(hint) is not None:
        return "write {}" if is_empty else "write its keys without dashes or brackets"
    if type_hints.list_type(hint) is not None:
        return "write []" if is_empty else "begin each entry with a dash"
    sign = "[" if is_list else "{"
    return f"write one value; a text that begins with {sign} needs quotes"


def of_empty(hint: Any) -> str:
    """Return how to correct an empty value whose default is not null."""
    if type_hints.struct_type(hint) is not None:
        return "write {} to switch it on with its defaults, or null to leave it off"
    return "write a value, or null to switch it off, or remove the key for the default"


def _of_section(value: Scalar, hint: Any) -> str:
    if isinstance(value, bool):
        if type_hints.allows_null(hint):
            on, off = "write {} to switch it on with its defaults", "write null to leave it off"
            return on if value else off
        return "write {} for its defaults, or its keys below it"
    if isinstance(value, str) and "=" in value:
        return "write a colon and a space instead of each ="
    if isinstance(value, str) and ":" in value:
        return "put a space after the colon"
    return "write its keys below it, indented, each with a colon and its value"


def _of_list(value: Scalar, row: Any) -> str:
    if type_hints.struct_type(typing.get_args(row)[0]) is not None:
        return "write its entries below it, each with a dash before its keys"
    word = "" if value is None else safe_literal(str(value))[1:-1]
    return f"write a list: [{word if _WORDS.match(word) else 'a, b'}]"


def _of_number(value: Scalar, hint: Any, key: str) -> str | None:
    remedy = _of_digits(value, key) if isinstance(value, str) else None
    is_other = isinstance(value, str | bool) and type_hints.allows_null(hint)
    return remedy or ("write a number, or null" if is_other else None)


def _of_digits(text: str, key: str) -> str | None:
    import unicodedata

    plain = unicodedata.normalize("NFKC", text).translate(_MINUS).strip()
    if _THOUSANDS.match(plain):
        return "write the digits of the number together, with a point before decimals"
    if _COMMA.match(plain):
        plain = plain.replace(",", ".")
    if isinstance(plain_value(plain), int | float) and len(plain) <= _LONGEST_SHOWN:
        return f"write {plain}"
    if _NUMBER_AND_UNIT.match(plain):
        unit = _UNITS.get(key.rpartition("_")[2])
        return f"write only the number{f', in {unit}' if unit else ''}"
    return None
