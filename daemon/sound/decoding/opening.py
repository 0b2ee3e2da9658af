"""Opens the stream or file of a request with FFmpeg, in the decoding child."""

import errno
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import urljoin

from daemon.sound.decoding.radio_playlist import MOST_BYTES, PlaylistError, stream_named

_HLS_TAG = b"#EXT-X-"
# The formats that name other urls.
_PLAYLISTS = {"hls", "applehttp", "dash", "webm_dash_manifest", "concat", "imf"}


class UnknownHostError(Exception):
    """The name of the url's host cannot be resolved."""


def opened(request: dict[str, Any]) -> Any:
    """The container of the request's url, or of the stream that a web radio's playlist names."""
    opener = _Opener(request)
    url: str = request["url"]
    if not url.lower().startswith("http"):
        return opener.container(url)
    found = opener.container_or_name(url)
    if isinstance(found, str):
        found = opener.container_or_name(found)
        if isinstance(found, str):
            raise PlaylistError
    return found


class _Opener:
    """Opens urls with the options of a request."""

    def __init__(self, request: dict[str, Any]) -> None:
        import av

        # Until 19, a tag that is not UTF-8 kept the file from being opened.
        lenient = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}  # noqa: PLR2004
        timeouts = tuple(request["timeouts"]) if request["timeouts"] else None
        self._open: Any = partial(av.open, timeout=timeouts, **lenient)
        self._options = request["options"] | {"codec_whitelist": ",".join(_sound_decoders())}
        self._shows_positions = request["keeps_time"]

    def container(self, url: str) -> Any:
        """The container of the url.

        FFmpeg opens what a playlist names without the options that it was given, those of TLS among
        them. So playlists are refused, except HLS over HTTP, which is then opened with all of them.
        """
        import av

        known = {name for names in av.formats_available for name in names.split(",")}
        whitelist = {"format_whitelist": ",".join(known - _PLAYLISTS)}
        try:
            return self._with_positions(url, self._options | whitelist)
        except av.FFmpegError as error:
            if not url.lower().startswith("http") or not self._is_hls(url, error):
                raise
        url, piece = self._reached(url)
        piece.close()
        options = self._options | {"http_persistent": "0"}
        return self._open(url, format="hls", container_options=options, io_open=self._piece)

    def _is_hls(self, url: str, error: Any) -> bool:
        """Whether the url was not opened because it is an HLS playlist."""
        if _ends_early(error):
            return _HLS_TAG in self._start_of(url)[1]
        return bool(error.errno == errno.EINVAL)

    def container_or_name(self, url: str) -> Any:
        """The container of the url; where it is a playlist, the url that it names."""
        import av

        try:
            container = self.container(url)
        except av.FFmpegError as error:
            may_be_text = isinstance(error, av.InvalidDataError) or _ends_early(error)
            if not may_be_text or (named := self._named_by(url)) is None:
                raise
            return named
        # A playlist may look like subtitles.
        if container.streams.audio or (named := self._named_by(url)) is None:
            return container
        container.close()
        return named

    def _named_by(self, url: str) -> str | None:
        """The stream that the playlist at this url names; None where it is no playlist."""
        url, start = self._start_of(url)
        return stream_named(start, url)

    def _start_of(self, url: str) -> tuple[str, bytes]:
        """Where the url leads, and the first bytes of what is there; none where it fails."""
        import av

        try:
            url, piece = self._reached(url)
            return url, piece.start(MOST_BYTES)
        except av.FFmpegError:
            return url, b""

    def _with_positions(self, url: str, options: dict[str, str]) -> Any:
        """The container; FFmpeg's parser of AAC would hide what is skipped between the frames."""
        container = self._open(url, container_options=options)
        if not self._shows_positions or container.format.name != "aac":
            return container
        container.close()
        return self._open(url, container_options=options | {"fflags": "+noparse"})

    def _piece(self, url: str, _flags: int, more: dict[str, str]) -> "_Piece":
        return _Piece(self._open(url, format="data", container_options=more | self._options))

    def _reached(self, url: str) -> tuple[str, "_Piece"]:
        """Where HTTP's redirects lead, which only the log tells, and what is there.

        What a playlist names is relative to where it was found.
        """
        import av

        level = av.logging.get_level()
        av.logging.set_level(av.logging.TRACE)
        try:
            with av.logging.Capture() as messages:
                piece = self._piece(url, 0, {})
        finally:
            av.logging.set_level(level)
        for _, _, message in messages:
            if found := re.match(r"header='location: *([^']+)'", message, re.IGNORECASE):
                url = urljoin(url, found[1])
        return url, piece


def _ends_early(error: Any) -> bool:
    """Whether a connection seems to break off, as it does after a text without a stated length."""
    return bool(error.errno == errno.EIO)


def _sound_decoders() -> Iterator[str]:
    """FFmpeg's decoders of sound; a picture is not decoded, not even to see what it is."""
    import av

    for name in av.codecs_available:
        with suppress(av.codec.codec.UnknownCodecError):
            if av.Codec(name, "r").type == "audio":
                yield name


class _Piece:
    """What a url leads to, as a file of bytes; FFmpeg's demuxer of anything reads it."""

    def __init__(self, container: Any) -> None:
        self._container = container
        self._packets = container.demux()
        self._left = b""
        self._has_read = False

    def read(self, size: int) -> bytes:
        """The next bytes, none at the end; without a stated length, the end looks like an error."""
        import av

        try:
            while not self._left and (packet := next(self._packets, None)) is not None:
                self._left = bytes(packet)
                self._has_read = True
        except av.FFmpegError as error:
            if not (self._has_read and _ends_early(error)):
                raise
        content, self._left = self._left[:size], self._left[size:]
        return content

    def start(self, size: int) -> bytes:
        """The first bytes, as long as they may be text, and close the connection."""
        start = b""
        try:
            while len(start) < size and b"\0" not in start and (more := self.read(size)):
                start += more
        finally:
            self.close()
        return start

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
