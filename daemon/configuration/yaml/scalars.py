"""Interpret plain YAML scalars.

YAML 1.1 and 1.2 read some scalars differently: `no`, `010`, `1:30`, `1e3`. Numbers and truth
values are read here as in YAML 1.1, and if it has none, as in YAML 1.2. `values` keeps a scalar as
text where text is expected and no other expected type fits. It refuses scalars that are different
numbers in the two versions: minutes with seconds, and numbers with a leading zero.
"""

import re
from typing import NamedTuple

_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"}
_FALSE = {"no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"}
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0b(?P<binary>[01_]+)|0x(?P<hexadecimal>[0-9a-fA-F_]+)"
    r"|(?P<decimal>0|[1-9][0-9_]*))\Z"
)
_BASES = {"binary": 2, "decimal": 10, "hexadecimal": 16}
_OCTAL = re.compile(r"(?P<sign>[-+]?)0(?P<mark>o?)(?P<digits>_*[0-9][0-9_]*)\Z")
_FLOAT = re.compile(
    r"(?=.*[.eE])[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?\Z"
)
_NOT_FINITE = re.compile(r"([-+]?)\.(inf|Inf|INF|nan|NaN|NAN)\Z")
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?\Z")
# Longer than any number in a setting; Python refuses to convert thousands of digits.
_MOST_CHARACTERS = 400


class Base60(NamedTuple):
    """A number such as `1:30`, which YAML 1.1 reads in base 60."""

    seconds: float
    """Its value in YAML 1.1: 90 for `1:30`."""


class Octal(NamedTuple):
    """A number with leading zeros or `0o`, which some YAML readers interpret as an octal one."""

    decimal: int
    """Its digits as a decimal number."""
    octal: int | None
    """Its digits as an octal number; None if they contain 8 or 9."""
    is_marked: bool
    """True if it begins with `0o`."""


Scalar = None | bool | int | float | Base60 | Octal | str


def plain_value(text: str) -> Scalar:
    """Return the value of a scalar without quotes; its text if it is nothing else."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if len(text) > _MOST_CHARACTERS:
        return text
    if match := _NOT_FINITE.match(text):
        return float(match[1] + match[2])
    if _BASE_60.match(text):
        return Base60(_base_60(text))
    return _number(text)


def _number(text: str) -> int | float | Octal | str:
    if match := _OCTAL.match(text):
        return _octal(match)
    if match := _INTEGER.match(text):
        base, digits = next((b, d) for b in _BASES if (d := match[b]) is not None)
        digits = digits.replace("_", "")
        return int(match["sign"] + digits, _BASES[base]) if digits else text
    if _FLOAT.match(text):
        return float(text.replace("_", ""))
    return text


def _octal(match: re.Match[str]) -> Octal:
    digits = match["sign"] + match["digits"].replace("_", "")
    is_octal = not set("89") & set(digits)
    return Octal(int(digits), int(digits, 8) if is_octal else None, bool(match["mark"]))


def _base_60(text: str) -> float:
    value = 0.0
    for part in text.lstrip("+-").replace("_", "").split(":"):
        value = value * 60 + float(part)
    return -value if text.startswith("-") else value
