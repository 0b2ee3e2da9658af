"""The parent's side of the decoding child: start it, read its samples, kill it."""

import importlib.util
import json
import os
import re
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from errno import errorcode
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from daemon.sound.decoding.block import Block
from daemon.sound.decoding.decoder import FINDINGS, FORMAT, HEADER, MOST_BYTES, SILENCE, TRACKS
from daemon.sound.decoding.findings import Findings
from daemon.sound.decoding.timeline import MOST_SILENCE_SECONDS

_PROGRAM = Path(__file__).with_name("decoder.py")
# Import path for the daemon's modules in the child.
_FOLDER = Path(__file__).parents[3]
_CHANNELS = range(1, 1_025)
_RATES_HZ = range(1, 1 << 24)
_KIND = re.compile(r"[A-Za-z0-9]{1,40}\Z", re.ASCII)
_REAP_SECONDS = 5.0
# Pass nothing else: the environment may hold the broker's password and systemd's socket.
_ENVIRONMENT = ("LD_LIBRARY_PATH", "http_proxy", "https_proxy", "no_proxy")
_WORDS = {
    "InvalidDataError": "invalid data",
    "NoDecoderError": "no decoder for its sound",
    "TooManyChannelsError": "more than 64 channels",
    "DecoderNotFoundError": "no decoder for its sound",
    "DemuxerNotFoundError": "unknown format",
    "ProtocolNotFoundError": "unknown protocol",
    "EOFError": "it ends too early",
    "ImportError": "PyAV cannot be loaded",
    "TimeoutError": "its decoder hangs",
}
_CRASHES = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE}


@dataclass(frozen=True, kw_only=True)
class Request:
    """The child's task; it is sent over a pipe because the url may contain a password."""

    url: str
    """The stream or file to open."""
    options: Mapping[str, str]
    """FFmpeg's options for the format and its protocols."""
    memory_bytes: int
    """Memory limit of the child."""
    timeouts: tuple[float, float] | None = None
    """Time limits in seconds for opening and for each read; None sets no limit."""
    host: tuple[str, int | None] | None = None
    """Host name and port to look up after a failed connection, to detect an unknown host."""
    keeps_time: bool = False
    """True to fill gaps in the time stamps with silence, so that times stay right."""
    least_libavformat: int = 0
    """The oldest major version of libavformat that supports all options."""


class DecodingError(Exception):
    """The child cannot decode the sound, or the rest of it."""

    def __init__(self, kinds: tuple[str, ...], errno: int | None = None) -> None:
        super().__init__(", ".join(kinds))
        self.kinds = kinds
        """Class names of the error and its bases, the most specific first."""
        self.errno = errno
        """FFmpeg's or the system's error number, or None."""

    @property
    def words(self) -> str:
        """The error as a phrase, without text from the child, which may contain the url."""
        if self.kinds[0] in _WORDS:
            return _WORDS[self.kinds[0]]
        if self.errno is not None and self.errno in errorcode:
            return os.strerror(self.errno)
        return f"FFmpeg reports {self.kinds[0]}"


class ChildError(Exception):
    """The child crashed, was killed, sent garbage or cannot be started; the message says which."""


class Decoder:
    """A child process that decodes one stream or file; a context manager that kills it.

    The constructor raises ChildError if the process cannot be started.
    """

    def __init__(self, request: Request) -> None:
        self._format = (1, 1)
        self._silent_samples = 0
        self._silence_seconds = 0.0
        self.findings = Findings()
        """Filled while the stream is read."""
        self.is_float = False
        """True if the stream's samples are floating point; valid from the first block on."""
        try:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-S", _PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
                # Ctrl-C must reach this process only, which then kills the child.
                start_new_session=True,
                bufsize=0,
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ChildError(f"its decoder cannot be started ({reason})") from None
        assert self._process.stdin is not None  # noqa: S101
        assert self._process.stdout is not None  # noqa: S101
        self._output = self._process.stdout.fileno()
        self._poll = select.poll()
        self._poll.register(self._output, select.POLLIN)
        with suppress(OSError):  # If the child is dead already, `read` reports it.
            self._process.stdin.write(_line(request))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_REAP_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def kill(self) -> None:
        """Kill the child, from any thread; a `read` in progress raises ChildError."""
        self._process.kill()

    def read(self, seconds: float) -> Block | None:
        """Return the next block, or None at the end of the sound.

        Raises DecodingError if decoding fails, or (with the kind TimeoutError) if no block comes
        within `seconds`. Raises ChildError if the child fails.
        """
        deadline = time.monotonic() + seconds
        while not self._silent_samples:
            kind, size = HEADER.unpack(self._bytes(HEADER.size, deadline))
            if size > MOST_BYTES:
                raise _garbage()
            body = self._bytes(size, deadline)
            match kind:
                case b"F":
                    self._format = _format(body)
                case b"Q":
                    self._begin_silence(*_unpack(SILENCE, body))
                case b"G":
                    self._count_gaps(*_unpack(FINDINGS, body))
                case b"T":
                    self.findings.tracks, self.is_float = _unpack(TRACKS, body)
                case b"S":
                    return self._block(body)
                case b"E":
                    _raise_failure(body)
                    return None
                case _:
                    raise _garbage()
        return self._silence()

    def _begin_silence(self, samples: int) -> None:
        self._silence_seconds += samples / self._format[0]
        if self._silence_seconds > MOST_SILENCE_SECONDS + 1:
            raise _garbage()
        self._silent_samples = samples

    def _count_gaps(self, damaged: float, left_out: float) -> None:
        if not all(seconds >= 0.0 for seconds in (damaged, left_out)):
            raise _garbage()
        self.findings.damaged_seconds = damaged
        self.findings.left_out_seconds = left_out

    def _silence(self) -> Block:
        """Return the next second of a gap, or the rest of it."""
        rate_hz, channels = self._format
        samples = min(self._silent_samples, rate_hz)
        self._silent_samples -= samples
        return Block(np.zeros((samples, channels), np.float32), rate_hz)

    def _block(self, body: bytearray) -> Block:
        rate_hz, channels = self._format
        samples = np.frombuffer(body, np.uint8)
        if not len(samples) or len(samples) % (4 * channels):
            raise _garbage()
        return Block(samples.view("<f4").reshape(-1, channels), rate_hz)

    def _bytes(self, size: int, deadline: float) -> bytearray:
        """Read exactly `size` bytes of the child's output; waits until `deadline`."""
        buffer = bytearray(size)
        view = memoryview(buffer)
        while view:
            if not self._poll.poll(max(0.0, deadline - time.monotonic()) * 1_000):
                raise DecodingError(("TimeoutError",))
            count = os.readv(self._output, [view])
            if count == 0:
                raise ChildError(self._fate())
            view = view[count:]
        return buffer

    def _fate(self) -> str:
        """Return why the child has closed its output."""
        try:
            code = self._process.wait(_REAP_SECONDS)
        except subprocess.TimeoutExpired:
            return "its decoder closed its output"
        if code >= 0:
            return f"its decoder ended with exit code {code}"
        number = signal.Signals(-code)
        verb = "crashed" if number in _CRASHES else "was killed"
        return f"its decoder {verb} ({number.name})"


def pyav_folder() -> str | None:
    """Return the folder that contains the package PyAV, or None if it is not installed."""
    spec = importlib.util.find_spec("av")
    if spec is None or spec.origin is None:
        return None
    return str(Path(spec.origin).parents[1])


def _line(request: Request) -> bytes:
    folders = {"packages": pyav_folder(), "program": str(_FOLDER)}
    return json.dumps(asdict(request) | folders).encode() + b"\n"


def _unpack(form: struct.Struct, body: bytearray) -> tuple[Any, ...]:
    if len(body) != form.size:
        raise _garbage()
    return form.unpack(body)


def _format(body: bytearray) -> tuple[int, int]:
    rate_hz, channels = _unpack(FORMAT, body)
    if rate_hz not in _RATES_HZ or channels not in _CHANNELS:
        raise _garbage()
    return rate_hz, channels


def _raise_failure(body: bytearray) -> None:
    """Raise the failure that the child reports; an empty one means the normal end of the sound."""
    try:
        failure = json.loads(body)
        if not failure:
            return
        kinds, errno = tuple(failure["kinds"]), failure["errno"]
        is_failure = all(map(_KIND.match, kinds)) and isinstance(errno, int | None)
    except (ValueError, TypeError, KeyError):
        is_failure = False
    if not is_failure or not kinds:
        raise _garbage()
    raise DecodingError(kinds, errno)


def _garbage() -> ChildError:
    return ChildError("its decoder sends garbage")
