"""Detect that the content of a file has changed while the configuration names it as before."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from daemon.settings import Settings

Signatures = Mapping[str, tuple[str, int, int, int]]


def signatures(settings: Settings) -> Signatures:
    """The identity of each file that is read once, at the start, by its key.

    A file that cannot be seen is left out.
    """
    return dict(_signatures(settings))


def changed_files(old: Signatures, new: Signatures) -> list[str]:
    """The keys whose file has the same name in both and was written or replaced in between."""
    return [
        key for key in new if key in old and old[key][0] == new[key][0] and old[key] != new[key]
    ]


def _signatures(settings: Settings) -> Iterator[tuple[str, tuple[str, int, int, int]]]:
    for key, name in _named(settings):
        try:
            found = Path(name).stat()
        except OSError:
            continue
        yield key, (name, found.st_ino, found.st_size, found.st_mtime_ns)


def _named(settings: Settings) -> Iterator[tuple[str, str]]:
    tls = settings.mqtt.tls
    named = {"model.file": settings.model.file}
    if tls is not None:
        for key in ("ca_file", "certificate_file", "key_file"):
            named[f"mqtt.tls.{key}"] = getattr(tls, key)
    named |= {f"sources.{source.name}.ca_file": source.ca_file for source in settings.sources}
    return ((key, name) for key, name in named.items() if name is not None)
