"""The files of the page, read once; no path from a request reaches the disk."""

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parent / "static"
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}


class StaticFile(NamedTuple):
    """A file of the page."""

    content: bytes
    """Its bytes."""
    gzipped: bytes
    """The same, compressed."""
    kind: str
    """Its media type."""
    tag: str
    """Changes with the content; an ETag."""


@cache
def static_files() -> dict[str, StaticFile]:
    """Return all files of the page by name."""
    return {path.name: _read(path) for path in sorted(_FOLDER.iterdir()) if path.suffix in _KINDS}


def filled(name: str, **values: str) -> str:
    """Return the text of a page, with `values` in place of `{{name}}`."""
    text = static_files()[name].content.decode()
    for key, value in values.items():
        text = text.replace(f"{{{{{key}}}}}", value)
    return text


def _read(path: Path) -> StaticFile:
    content = path.read_bytes()
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    return StaticFile(content, gzip.compress(content, mtime=0), _KINDS[path.suffix], tag)
