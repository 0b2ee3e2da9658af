"""The page's texts in several languages; each language is one JSON file."""

import re
from collections.abc import Mapping
from functools import cache

import msgspec

from daemon.web.page.static_files import static_files

_DEFAULT = "en"
_LANGUAGE = re.compile(r"[a-z]{2}\Z")


@cache
def words(language: str) -> Mapping[str, str]:
    """Return the texts of a language by key."""
    return msgspec.json.decode(static_files()[f"{language}.json"].content, type=dict[str, str])


@cache
def languages() -> frozenset[str]:
    """Return the languages that there are, such as `en`."""
    names = (name.removesuffix(".json") for name in static_files() if name.endswith(".json"))
    return frozenset(name for name in names if _LANGUAGE.match(name))


def language_of(accepted: str) -> str:
    """Return the first language of an Accept-Language header that there is, else English."""
    for part in accepted[:200].split(","):
        language = part.strip()[:2].lower()
        if language in languages():
            return language
    return _DEFAULT
