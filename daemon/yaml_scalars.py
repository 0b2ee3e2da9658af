"""What a plain YAML scalar means where a setting of some type is expected.

YAML 1.1 and 1.2 read some scalars differently: `no`, `010`, `1:30`, `1e3`. Here a scalar is text
wherever text is expected and nothing else fits; elsewhere numbers and truth values are read as in
YAML 1.1, and as in 1.2 where 1.1 sees none. A number of minutes and seconds is refused.
"""

import re
from typing import NamedTuple

_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"}
_FALSE = {"no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"}
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0b(?P<binary>[01_]+)|0x(?P<hexadecimal>[0-9a-fA-F_]+)"
    r"|0o?(?P<octal>[0-7_]+)|(?P<decimal>0|[1-9][0-9_]*))\Z"
)
_BASES = {"binary": 2, "octal": 8, "decimal": 10, "hexadecimal": 16}
_FLOAT = re.compile(
    r"(?=.*[.eE])[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?\Z"
)
_NOT_FINITE = re.compile(r"([-+]?)\.(inf|Inf|INF|nan|NaN|NAN)\Z")
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?\Z")
# More digits than any setting has; Python refuses to convert some thousands.
_MOST_CHARACTERS = 400


class Base60(NamedTuple):
    """A number as YAML 1.1 reads `1:30`: minutes and seconds, or hours too."""

    seconds: float


Scalar = None | bool | int | float | Base60 | str


def plain_value(text: str) -> Scalar:
    """What a scalar without quotes means by itself; its text where it is nothing else."""
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


def _number(text: str) -> int | float | str:
    if match := _INTEGER.match(text):
        base, digits = next((b, d) for b in _BASES if (d := match[b]) is not None)
        digits = digits.replace("_", "") or ("0" if base == "octal" else "")
        return int(match["sign"] + digits, _BASES[base]) if digits else text
    if _FLOAT.match(text):
        return float(text.replace("_", ""))
    return text


def _base_60(text: str) -> float:
    value = 0.0
    for part in text.lstrip("+-").replace("_", "").split(":"):
        value = value * 60 + float(part)
    return -value if text.startswith("-") else value
