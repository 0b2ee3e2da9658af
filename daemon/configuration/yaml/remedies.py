"""Remedies for values of the wrong kind; None where there is no particular one."""

import re
import typing
from typing import Any

from daemon.configuration.yaml import words
from daemon.configuration.yaml.scalars import Octal, Scalar, plain_value
from daemon.system.redaction import shown

_UNITS = {"seconds": "seconds", "dbfs": "dBFS", "megabytes": "megabytes", "days": "days"}
_NUMBER_AND_UNIT = re.compile(r"[-+]?[0-9.,]+\s*([^\W\d_]+|%)\Z")
_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+\Z")
_WORDS = re.compile(r"[\w., -]*\Z")
_THOUSANDS = re.compile(r"[-+]?[0-9]{1,3}([ ,'\u00a0\u202f][0-9]{3})+\Z")
_MINUS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
_LONGEST_SHOWN = 40


def of_scalar(value: Scalar, hint: Any, key: str, *, is_word: bool) -> str | None:
    """The remedy for one value that is none of the hint.

    `is_word`: something is written there, which may mean nothing, such as `null`.
    """
    if words.section(hint) is not None or words.table(hint) is not None:
        return _of_section(value, hint)
    if (row := words.row(hint)) is not None:
        return _of_list(value, row)
    names = words.scalar_names(hint)
    if value is None:
        return "quote it if it is text, or leave it out" if is_word and "str" in names else None
    if value == "" and words.allows_null(hint):
        return "write null, or leave it out"
    if names == {"bool"}:
        return "write true or false"
    return _of_number(value, hint, key) if names and names <= {"int", "float"} else None


def of_octal(value: Octal) -> str:
    """The remedy for digits behind a zero."""
    if value.octal is None or value.octal == value.decimal:
        return f"write {value.decimal}"
    if value.is_marked:
        return f"write {value.octal}"
    return f"write {value.decimal} or {value.octal}, whichever is meant"


def of_collection(hint: Any, *, is_list: bool, is_empty: bool) -> str | None:
    """The remedy for a list, or a mapping of keys, where something else is expected."""
    if words.section(hint) is not None or words.table(hint) is not None:
        return "write {}" if is_empty else "write its keys without the dashes or the brackets"
    if words.row(hint) is not None:
        return "write []" if is_empty else "begin each of its entries with a dash"
    sign = "[" if is_list else "{"
    return f"write one value; a text that begins with {sign} needs quotes"


def of_empty(hint: Any) -> str:
    """The remedy for a value that is left out where the default and null are different things."""
    if words.section(hint) is not None:
        return "write {} to switch it on with its defaults, or null to leave it off"
    return "write a value, or null to switch it off, or leave the key out for the default"


def _of_section(value: Scalar, hint: Any) -> str:
    if isinstance(value, bool):
        if words.allows_null(hint):
            on, off = "write {} to switch it on with its defaults", "write null to leave it off"
            return on if value else off
        return "write {} for its defaults, or its keys below it"
    if isinstance(value, str) and "=" in value:
        return "write a colon and a space instead of each ="
    if isinstance(value, str) and ":" in value:
        return "put a space behind the colon"
    return "write its keys below it, indented, each with a colon and its value"


def _of_list(value: Scalar, row: Any) -> str:
    if words.section(typing.get_args(row)[0]) is not None:
        return "write its entries below it, each behind a dash with its keys"
    word = "" if value is None else shown(str(value))[1:-1]
    return f"write a list: [{word if _WORDS.match(word) else 'a, b'}]"


def _of_number(value: Scalar, hint: Any, key: str) -> str | None:
    remedy = _of_digits(value, key) if isinstance(value, str) else None
    is_other = isinstance(value, str | bool) and words.allows_null(hint)
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
        return f"write the number alone{f', in {unit}' if unit else ''}"
    return None
