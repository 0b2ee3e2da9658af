"""Read settings from a YAML file; every error names the key."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from daemon.configuration.settings import AudioSettings, Settings, SourceSettings
from daemon.configuration.yaml.document import Document, Problem
from daemon.configuration.yaml.yaml_file import read_document


def load(path: Path | None) -> Settings:
    """Return the settings in a YAML file, or the defaults if `path` is None.

    Raises InputError, with a line for each error, if the file cannot be read or parsed, has an
    unknown key, a wrong type or a value out of range, or if settings contradict each other.
    """
    return Settings() if path is None else read_settings(path).valid_value()


def read_settings(path: Path) -> Document[Settings]:
    """Return the valid settings and the problems; raises InputError if the file is not YAML."""
    document = read_document(path, Settings)
    return document.with_problems(_contradictions(document))


def _contradictions(document: Document[Settings]) -> Iterator[Problem]:
    """Yield the problems of settings that are valid alone but not together."""
    settings = document.value
    if settings is None:
        return
    names: set[str] = set()
    for number, source in enumerate(settings.sources):
        key = f"sources.{number}"
        if source.name in names:
            text = f"{source.name} appears twice; give each place a unique name"
            yield Problem(f"{key}.name", text)
        names.add(source.name)
        if document.is_valid(key):
            yield from _contradictions_of(source, key)
    if settings.sources and settings.audio.device != AudioSettings().device:
        yield Problem("audio.device", "not used, because each source has its own; remove it")


def _contradictions_of(source: SourceSettings, key: str) -> Iterator[Problem]:
    given = [name for name in ("device", "url") if getattr(source, name) is not msgspec.UNSET]
    if len(given) != 1:
        fault = "both device and url" if given else "neither device nor url"
        yield Problem(key, f"{source.name} has {fault}; give it one of them")
    if "url" in given and source.channel is not None:
        yield Problem(f"{key}.channel", "channels of a url cannot be selected; remove it")
    if isinstance(source.url, str) and not _has_host(source.url):
        text = "not an address with a host; write one such as rtsp://user:password@camera/stream"
        yield Problem(f"{key}.url", text)


def _has_host(url: str) -> bool:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and (parts.port or 0) >= 0
    except ValueError:
        return False
    return has_host and not any(letter <= " " for letter in url)
