"""Open the stream or file of a request with FFmpeg; runs in the decoding child."""

import errno
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import urljoin

from daemon.sound.decoding.radio_playlist import MOST_BYTES, PlaylistError, first_stream

_HLS_TAG = b"#EXT-X-"
# The formats that refer to other urls.
_PLAYLISTS = {"hls", "applehttp", "dash", "webm_dash_manifest", "concat", "imf"}


class UnknownHostError(Exception):
    """The name of the url's host cannot be resolved."""


def open_container(request: dict[str, Any]) -> Any:
    """Open the request's url or, if it is a web radio's playlist, the stream in it.

    Raises av.FFmpegError if it cannot be opened, PlaylistError if the playlist leads to no stream.
    """
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

        # Before PyAV 19, a file with a tag that is not UTF-8 cannot be opened by default.
        lenient = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}  # noqa: PLR2004
        timeouts = tuple(request["timeouts"]) if request["timeouts"] else None
        self._open: Any = partial(av.open, timeout=timeouts, **lenient)
        self._options = request["options"] | {"codec_whitelist": ",".join(_sound_decoders())}
        self._shows_positions = request["keeps_time"]

    def container(self, url: str) -> Any:
        """Open the url.

        FFmpeg opens the urls in a playlist without the given options, such as those for TLS.
        Playlists are therefore refused, except HLS over HTTP, whose parts are opened here with all
        options.
        """
        import av

        known = {name for names in av.formats_available for name in names.split(",")}
        whitelist = {"format_whitelist": ",".join(known - _PLAYLISTS)}
        try:
            return self._with_positions(url, self._options | whitelist)
        except av.FFmpegError as error:
            if not url.lower().startswith("http") or not self._is_hls(url, error):
                raise
        url, piece = self._follow_redirects(url)
        piece.close()
        options = self._options | {"http_persistent": "0"}
        return self._open(url, format="hls", container_options=options, io_open=self._open_raw)

    def _is_hls(self, url: str, error: Any) -> bool:
        """Return whether opening the url failed because it is an HLS playlist."""
        if _ends_early(error):
            return _HLS_TAG in self._first_bytes(url)[1]
        return bool(error.errno == errno.EINVAL)

    def container_or_name(self, url: str) -> Any:
        """Open the url; if it is a radio playlist, return the url in it instead."""
        import av

        try:
            container = self.container(url)
        except av.FFmpegError as error:
            may_be_text = isinstance(error, av.InvalidDataError) or _ends_early(error)
            if not may_be_text or (named := self._playlist_entry(url)) is None:
                raise
            return named
        # A playlist may look like subtitles.
        if container.streams.audio or (named := self._playlist_entry(url)) is None:
            return container
        container.close()
        return named

    def _playlist_entry(self, url: str) -> str | None:
        """Return the stream's url in the playlist at `url`, or None if that is no playlist."""
        url, start = self._first_bytes(url)
        return first_stream(start, url)

    def _first_bytes(self, url: str) -> tuple[str, bytes]:
        """Return the url after redirects and the first bytes of its content, none on failure."""
        import av

        try:
            url, piece = self._follow_redirects(url)
            return url, piece.start(MOST_BYTES)
        except av.FFmpegError:
            return url, b""

    def _with_positions(self, url: str, options: dict[str, str]) -> Any:
        """Open the url; raw AAC without FFmpeg's parser, which would hide gaps between frames."""
        container = self._open(url, container_options=options)
        if not self._shows_positions or container.format.name != "aac":
            return container
        container.close()
        return self._open(url, container_options=options | {"fflags": "+noparse"})

    def _open_raw(self, url: str, _flags: int, more: dict[str, str]) -> "_RawStream":
        return _RawStream(self._open(url, format="data", container_options=more | self._options))

    def _follow_redirects(self, url: str) -> tuple[str, "_RawStream"]:
        """Return the url after HTTP redirects and its content.

        Urls in a playlist are relative to the redirected url, which only FFmpeg's log shows.
        """
        import av

        level = av.logging.get_level()
        av.logging.set_level(av.logging.TRACE)
        try:
            with av.logging.Capture() as messages:
                piece = self._open_raw(url, 0, {})
        finally:
            av.logging.set_level(level)
        for _, _, message in messages:
            if found := re.match(r"header='location: *([^']+)'", message, re.IGNORECASE):
                url = urljoin(url, found[1])
        return url, piece


def _ends_early(error: Any) -> bool:
    """Return whether a connection seems broken, as it does after text without a stated length."""
    return bool(error.errno == errno.EIO)


def _sound_decoders() -> Iterator[str]:
    """Yield the names of FFmpeg's audio decoders; video is not decoded, not even to probe it."""
    import av

    for name in av.codecs_available:
        with suppress(av.codec.codec.UnknownCodecError):
            if av.Codec(name, "r").type == "audio":
                yield name


class _RawStream:
    """The bytes behind a url as a readable file, read with FFmpeg's `data` demuxer."""

    def __init__(self, container: Any) -> None:
        self._container = container
        self._packets = container.demux()
        self._left = b""
        self._has_read = False

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end.

        If the server stated no length, the end looks like an error to FFmpeg.
        """
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
        """Return about the first `size` bytes and close; stop early if they are not text."""
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
    """Raise UnknownHostError if the host name cannot be resolved.

    FFmpeg reports the same error for an unknown name and for a failed connection.
    """
    import socket

    try:
        socket.getaddrinfo(host, port)
    except OSError:
        raise UnknownHostError from None
