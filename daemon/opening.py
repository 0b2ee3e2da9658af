"""Opens the stream or file of a request with FFmpeg, in the decoding child."""

import errno
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import urljoin

# The formats that name other urls.
_PLAYLISTS = {"hls", "applehttp", "dash", "webm_dash_manifest", "concat", "imf"}


class UnknownHostError(Exception):
    """The name of the url's host cannot be resolved."""


def opened(request: dict[str, Any]) -> Any:
    """The container of the request's url.

    FFmpeg opens what a playlist names without the options that it was given, those of TLS among
    them. So playlists are refused, except HLS over HTTP, which is then opened with all of them.
    """
    import av

    url, options, timeouts = request["url"], request["options"], request["timeouts"]
    # Until 19, a tag that is not UTF-8 kept the file from being opened.
    lenient = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}  # noqa: PLR2004
    open_url: Any = partial(av.open, timeout=tuple(timeouts) if timeouts else None, **lenient)
    known = {name for names in av.formats_available for name in names.split(",")}
    options = options | {"codec_whitelist": ",".join(_sound_decoders())}
    whitelist = {"format_whitelist": ",".join(known - _PLAYLISTS)}
    try:
        return _with_positions(partial(open_url, url), options | whitelist, request)
    except av.FFmpegError as error:
        if error.errno != errno.EINVAL or not url.lower().startswith("http"):
            raise

    def piece(url: str, _flags: int, more: dict[str, str]) -> _Piece:
        return _Piece(open_url(url, format="data", options=more | options))

    url = _redirected(url, partial(open_url, format="data", options=options))
    return open_url(url, format="hls", options=options | {"http_persistent": "0"}, io_open=piece)


def _with_positions(open_url: Any, options: dict[str, str], request: dict[str, Any]) -> Any:
    """The container; FFmpeg's parser of AAC would hide what is skipped between the frames."""
    container = open_url(options=options)
    if not request["keeps_time"] or container.format.name != "aac":
        return container
    container.close()
    return open_url(options=options | {"fflags": "+noparse"})


def _sound_decoders() -> Iterator[str]:
    """FFmpeg's decoders of sound; a picture is not decoded, not even to see what it is."""
    import av

    for name in av.codecs_available:
        with suppress(av.codec.codec.UnknownCodecError):
            if av.Codec(name, "r").type == "audio":
                yield name


def _redirected(url: str, opened: Callable[[str], Any]) -> str:
    """Where HTTP's redirects lead, to which a playlist's names are relative: only the log tells."""
    import av

    level = av.logging.get_level()
    av.logging.set_level(av.logging.TRACE)
    try:
        with av.logging.Capture() as messages, opened(url):
            pass
    finally:
        av.logging.set_level(level)
    for _, _, message in messages:
        if found := re.match(r"header='location: *([^']+)'", message, re.IGNORECASE):
            url = urljoin(url, found[1])
    return url


class _Piece:
    """What a url leads to, as a file of bytes; FFmpeg's demuxer of anything reads it."""

    def __init__(self, container: Any) -> None:
        self._container = container
        self._packets = container.demux()
        self._left = b""

    def read(self, size: int) -> bytes:
        """The next bytes, none at the end."""
        while not self._left and (packet := next(self._packets, None)) is not None:
            self._left = bytes(packet)
        content, self._left = self._left[:size], self._left[size:]
        return content

    def close(self) -> None:
        """Close the connection."""
        self._container.close()


def resolve(host: str, port: int | None) -> None:
    """FFmpeg has one error for an unknown name and for a connection that fails."""
    import socket

    try:
        socket.getaddrinfo(host, port)
    except OSError:
        raise UnknownHostError from None
