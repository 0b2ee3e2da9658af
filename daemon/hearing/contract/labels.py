"""The names of a model's outputs: families, which are identifiers, and labels, which are any text.

MQTT topics and entity ids contain the slug of a label; all else shows the label unaltered.
"""

import itertools
import re
import unicodedata
from functools import lru_cache
from typing import Annotated

from msgspec import Meta

_FAMILY_PATTERN = r"^[a-z][a-z0-9_]*\Z"
_FAMILY_RULE = "small letters, digits and _ only, a letter first"
_LONGEST_FAMILY = 32
_LONGEST_SLUG = 48

FamilyName = Annotated[
    str, Meta(pattern=_FAMILY_PATTERN, max_length=_LONGEST_FAMILY, description=_FAMILY_RULE)
]
LONGEST_LABEL = 64
"""Characters of the longest label."""
Label = Annotated[str, Meta(min_length=1, max_length=LONGEST_LABEL)]

_NOT_IN_SLUGS = re.compile("[^a-z0-9]+")
# Letters without a decomposition in Unicode.
_LETTERS = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ł": "l",
        "ħ": "h",
        "ŋ": "n",
    }
)


def label_fault(label: str, *, is_family: bool) -> str:
    """Return why a name is not allowed as that of a family or a class; empty if it is."""
    if not is_family:
        if label.isprintable() and label == label.strip():
            return ""
        return f"classes: {label!a} begins or ends with a space, or has a control character"
    if len(label) <= _LONGEST_FAMILY and re.match(_FAMILY_PATTERN, label):
        return ""
    return f"families: {label!a}: {_FAMILY_RULE}, at most {_LONGEST_FAMILY} of them"


def transliterated(text: str) -> str:
    """Return text in small letters, with Latin letters without their marks: Äolsharfe, aolsharfe.

    Characters of other scripts stay as they are.
    """
    decomposed = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).lower()


@lru_cache(maxsize=16)
def slugs(labels: tuple[str, ...]) -> dict[str, str]:
    """Return the slug of each label, of a-z, 0-9 and _, by label; no two are the same.

    Families are their own slugs. In the order of the labels, an empty slug becomes the label's
    number, and one that was given before gets a number at its end.
    """
    if not any(label_fault(label, is_family=True) for label in labels):
        return dict(zip(labels, labels, strict=True))
    found: dict[str, str] = {}
    for number, label in enumerate(labels, start=1):
        plain = _plain(label) or str(number)
        candidates = itertools.chain([plain], (f"{plain}_{n}" for n in itertools.count(2)))
        found[label] = next(slug for slug in candidates if slug not in found.values())
    return found


def _plain(label: str) -> str:
    return _NOT_IN_SLUGS.sub("_", transliterated(label)).strip("_")[:_LONGEST_SLUG].strip("_")
