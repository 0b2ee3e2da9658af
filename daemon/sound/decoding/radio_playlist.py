"""Find the stream in a web radio's playlist (PLS, M3U, XSPF, ASX); no I/O."""

import html
import re
from urllib.parse import urljoin, urlsplit

MOST_BYTES = 65_536
"""Longer playlists are truncated to this length."""
_LONGEST_URL = 4_095
_PLS_ENTRY = re.compile(r"^ *file\d+ *=(.*)$", re.IGNORECASE | re.MULTILINE)
_XSPF_ENTRY = re.compile(r"<location>([^<]*)<", re.IGNORECASE)
_CDATA = re.compile(r"<!\[CDATA\[(.{0,4095}?)\]\]>", re.DOTALL)
_ASX_ENTRY = re.compile(r"<ref +href *= *[\"']([^\"'<>]*)[\"']", re.IGNORECASE)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class PlaylistError(Exception):
    """The playlist contains no http or https url."""


def first_stream(content: bytes, base_url: str) -> str | None:
    """Return the first http or https url in a playlist, or None if `content` is no playlist.

    An HLS playlist does not count: it is itself a stream. `base_url` is the playlist's own url.
    Raises PlaylistError if a playlist contains no such url.
    """
    text = content.decode("utf-8-sig", errors="replace").lstrip()
    names = _names(text, urlsplit(base_url).path.lower().endswith((".m3u", ".m3u8")))
    if names is None:
        return None
    for name in names:
        if url := _absolute_url(html.unescape(name).strip(), base_url):
            return url
    raise PlaylistError


def _names(text: str, is_called_m3u: bool) -> list[str] | None:  # noqa: FBT001
    start = text[:1_000].lower()
    if "#ext-x-" in start:
        return None
    if start.startswith("[playlist]"):
        return _PLS_ENTRY.findall(text)
    if start.startswith("<") and "<playlist" in start:
        return _XSPF_ENTRY.findall(_CDATA.sub(_escape_cdata, text))
    if start.startswith("<") and "<asx" in start:
        return _ASX_ENTRY.findall(text)
    lines = (line.strip() for line in text.splitlines())
    names = [line for line in lines if line and not line.startswith("#")]
    is_m3u = start.startswith("#extm3u") or bool(names and _URL.match(names[0]))
    is_called_m3u = is_called_m3u and "\0" not in text and not start.startswith("<")
    return names if is_m3u or is_called_m3u else None


def _escape_cdata(section: re.Match[str]) -> str:
    """Escape a CDATA section's text: entities of all entries are resolved later."""
    return html.escape(section[1])


def _absolute_url(name: str, base_url: str) -> str | None:
    """Return `name` as an absolute url if that is a valid http or https url, else None."""
    try:
        url = urljoin(base_url, name)
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname
    except ValueError:
        return None
    is_plain = len(url) <= _LONGEST_URL and all(letter > " " for letter in url)
    return url if name and usable and is_plain else None
