"""The sound of a camera or web radio, over RTSP or HTTP: decoded by FFmpeg, a ring is filled."""

import errno
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any
from urllib.parse import SplitResult, urlsplit

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError, SoundLostError
from daemon.ring import Ring
from daemon.sound_file import av_open

log = logging.getLogger(__name__)

_SCHEMES = ("rtsp", "rtsps", "http", "https")
_CONNECT_SECONDS = 8.0
_SLACK_SECONDS = 5.0
# A name server that is away holds a thread for longer, where nothing can interrupt it.
_GIVE_UP_SECONDS = 20.0
_TOLERANCE_SECONDS = 0.5
# A sender's clock may be faster than ours, and what was held up in the network is to be made up.
_FASTEST = 1.02
_RATES_HZ = range(4_000, 192_001)
_MOST_CHANNELS = 8

_OPTIONS = {
    "rtsp_transport": "tcp",
    "allowed_media_types": "audio",
    # Enough to see what it is; a slow stream would fill the default of 5 MB for minutes.
    "analyzeduration": "1000000",
    "probesize": "65536",
    # What a server names in a playlist or a redirect must be no file of ours.
    "protocol_whitelist": "rtsp,rtsps,rtp,http,https,httpproxy,tls,tcp,udp",
}

_REASONS = {
    "HTTPUnauthorizedError": "it refuses the user name and password in its url, or misses them",
    "HTTPForbiddenError": "it denies access",
    "HTTPNotFoundError": "not found there; correct the path of its url",
    "HTTPServerError": "it answers with an error of its own (5xx)",
    "ConnectionRefusedError": "connection refused",
    "ExitError": "no answer in time",
    "TimeoutError": "no answer in time",
    "InvalidDataError": "what it sends is no sound that can be decoded",
}


class Camera:
    """One stream; each `open` begins a connection of its own, on a thread of its own.

    `changed` is notified when a connection gives sound, fails or ends. One that hangs is given up
    and left to its time-outs. Raises InputError for a url that is none, and without PyAV.
    """

    def __init__(
        self, url: str, changed: threading.Condition, *, stall_seconds: float = 5.0
    ) -> None:
        self._url = url
        self.name = _name(_parsed(url))
        self._changed = changed
        self._silence_seconds = stall_seconds + _SLACK_SECONDS
        self._connections: dict[Ring, _Connection] = {}
        _pyav()

    def open(self) -> "Future[Ring]":
        """Begin to connect; the future raises SoundLostError when there is no sound now."""
        connection = _Connection(
            self._url, self.name, self._changed, self._silence_seconds, self._keep
        )
        connection.start()
        return connection.opened

    def close(self, ring: Ring) -> "Future[None]":
        """Ask for the connection's end; the future is done once it has ended."""
        connection = self._connections.pop(ring, None)
        if connection is not None:
            connection.closing.set()
            return connection.closed
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def _keep(self, ring: Ring, connection: "_Connection") -> None:
        self._connections[ring] = connection


class Pace:
    """Holds sound that comes faster than time passes; all times are seconds."""

    def __init__(self) -> None:
        self._ahead_seconds = 0.0
        self._now = 0.0

    def wait_seconds(self, seconds: float, now: float) -> float:
        """How long to hold the next block, of so many seconds."""
        passed = (now - self._now) * _FASTEST
        self._ahead_seconds = max(0.0, self._ahead_seconds - passed) + seconds
        self._now = now
        return max(0.0, self._ahead_seconds - _TOLERANCE_SECONDS) / _FASTEST


class _Connection:
    """From connecting to the end of the sound, on a thread of its own."""

    def __init__(
        self,
        url: str,
        name: str,
        changed: threading.Condition,
        silence_seconds: float,
        keep: "Callable[[Ring, _Connection], None]",
    ) -> None:
        self._url = url
        self._name = name
        self._changed = changed
        self._silence_seconds = silence_seconds
        self._keep = keep
        self._ring: Ring | None = None
        self.opened: Future[Ring] = Future()
        self.opened.set_running_or_notify_cancel()
        self.closed: Future[None] = Future()
        self.closing = threading.Event()
        self._answering = threading.Lock()
        self._answered = threading.Event()

    def start(self) -> None:
        """Begin to connect."""
        threading.Thread(target=self._run, name="camera", daemon=True).start()
        threading.Thread(target=self._lose_patience, name="camera-patience", daemon=True).start()

    def _run(self) -> None:
        try:
            self._receive()
            reason = "it has ended"
        except SoundLostError as error:
            reason = str(error)
        except Exception as error:  # noqa: BLE001
            # Its text may name the url, and with it a password.
            reason = _reason(error, self._url, heard=self._ring is not None)
        self._fail(reason)
        if self._ring is not None:
            self._ring.lose(f"the sound of {self._name} is gone: {reason}")
        self.closed.set_result(None)
        self._notify()

    def _fail(self, reason: str) -> None:
        """Answer who waits for sound, unless that has happened."""
        with self._answering:
            if self.opened.done():
                return
            self.closing.set()
            self.opened.set_exception(SoundLostError(f"no sound from {self._name}: {reason}"))
        self._answered.set()
        self._notify()

    def _lose_patience(self) -> None:
        if not self._answered.wait(_GIVE_UP_SECONDS):
            self._fail("no answer in time")

    def _receive(self) -> None:
        options = dict(_OPTIONS)
        if self._url.lower().startswith("https:"):
            options |= {"tls_verify": "1"}
            if authorities := ssl.get_default_verify_paths().cafile:
                options |= {"ca_file": authorities}
        timeouts = (_CONNECT_SECONDS, self._silence_seconds)
        pace = Pace()
        with av_open(self._url, options=options, timeout=timeouts) as container:
            if not container.streams.audio:
                raise SoundLostError("it has no sound; switch its microphone on")
            for block, rate_hz in _blocks(container, self.closing):
                seconds = len(block) / rate_hz
                if self.closing.wait(pace.wait_seconds(seconds, time.monotonic())):
                    return
                self._write(block, rate_hz)

    def _write(self, block: NDArray[np.float32], rate_hz: int) -> None:
        if self._ring is not None:
            self._ring.write(block)
            return
        channels = block.shape[1]
        if rate_hz not in _RATES_HZ or channels > _MOST_CHANNELS:
            raise SoundLostError(f"{rate_hz} Hz with {channels} channels is more than is taken")
        ring = Ring(rate_hz, channels, self._changed)
        ring.write(block)
        with self._answering:
            if self.opened.done():
                return
            self._ring = ring
            self._keep(ring, self)
            self.opened.set_result(ring)
        self._answered.set()
        log.info("listening to %s at %d Hz, %d channel(s)", self._name, rate_hz, channels)
        self._notify()

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()


def _blocks(container: Any, closing: threading.Event) -> Iterator[tuple[NDArray[np.float32], int]]:
    """The stream's sound, (n, channels) in -1..1, and its rate, until `closing`.

    What is damaged is skipped. Raises SoundLostError when the format changes, and FFmpeg's errors.
    """
    av = _pyav()
    resampler = av.AudioResampler(format="fltp")
    began: tuple[int, int] | None = None
    for packet in container.demux(audio=0):
        if closing.is_set():
            return
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            continue
        for frame in frames:
            form = (frame.sample_rate, len(frame.layout.channels))
            began = began or form
            if form != began:
                raise SoundLostError("its format changed")
            for part in resampler.resample(frame):
                block = part.to_ndarray().T.astype(np.float32)
                # A stream of floats may hold anything.
                np.nan_to_num(block, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
                yield np.clip(block, -1.0, 1.0), part.sample_rate


def _pyav() -> Any:
    try:
        import av
    except ImportError:
        raise InputError(
            "the sound of a url needs PyAV, which is missing; pip install 'timbrel[media]'"
        ) from None
    return av


def _parsed(url: str) -> SplitResult:
    """The parts of a url that can be a stream's; the message of the InputError does not show it."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _SCHEMES and parts.hostname and (parts.port or 0) >= 0
    except ValueError:
        usable = False
    if not usable or any(ord(letter) <= 0x20 for letter in url):  # noqa: PLR2004
        raise InputError(
            "a source's url must be a stream's address: rtsp://, rtsps://, http:// or https:// "
            "with a host, such as rtsp://user:password@camera.local/stream"
        )
    return parts


def _name(parts: SplitResult) -> str:
    """What may be shown of a url: user, password, path and query may all be secrets."""
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def _reason(error: Exception, url: str, *, heard: bool) -> str:
    """Why there is no sound, in words that do not hold the url."""
    av = _pyav()
    for kind, words in _REASONS.items():
        if isinstance(error, getattr(av, kind)):
            return words
    parts = _parsed(url)
    if isinstance(error, av.HTTPClientError) and parts.scheme.startswith("rtsp"):
        return "it gives no sound; switch its microphone on"
    if isinstance(error, av.FFmpegError):
        if error.errno != errno.EIO:
            return str(error.strerror)
        return "the connection broke off" if heard else _connection_reason(parts)
    return f"an error inside ({type(error).__name__})"


def _connection_reason(parts: SplitResult) -> str:
    """FFmpeg has one word for a name that is unknown, for no TLS, and for what is no sound."""
    try:
        socket.getaddrinfo(parts.hostname, parts.port)
    except OSError:
        return "its host's name is not found"
    if parts.scheme == "https":
        return "no TLS with it, its certificate is not accepted, or it sends no sound"
    return "the connection failed, or what it sends is no sound"
