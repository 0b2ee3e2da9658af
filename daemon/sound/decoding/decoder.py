"""The decoding child: decodes a stream or file with FFmpeg to packed floats on standard output.

`child.py` starts it as a separate program and writes the request to its standard input. Decoders
read untrusted data; if one crashes, hangs or uses too much memory, only this process is lost.
To keep it small, it imports only the standard library, PyAV, and those modules of the daemon that
import no more than these.
"""

import errno
import fcntl
import json
import os
import resource
import select
import signal
import struct
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from daemon.sound.decoding.decoded_frames import Frames
    from daemon.sound.decoding.timeline import Timeline

HEADER = struct.Struct("<cI")
"""Header of each message: its kind and the length of its body in bytes."""
FORMAT = struct.Struct("<II")
"""Body of an `F` message: sample rate in Hz, number of channels."""
TRACKS = struct.Struct("<I?")
"""Body of a `T` message: number of audio streams in the file, of which one is sent, and True if
that one's samples are floating point."""
SILENCE = struct.Struct("<Q")
"""Body of a `Q` message: number of silent samples in the current format."""
FINDINGS = struct.Struct("<2d")
"""Body of a `G` message: seconds of damaged sound sent as silence, and seconds left out because
they would be too much silence."""
MOST_BYTES = 1 << 20
"""The longest body."""
_BLOCKS_A_SECOND = 10
_SAMPLE_BYTES = 4
# Prefix of the codecs whose samples may have the scale of integers.
_FLOAT_CODECS = "pcm_f"


class _NoSoundError(Exception):
    """The file or stream has no audio stream."""


class _NoDecoderError(Exception):
    """FFmpeg has no decoder for the stream's codec, or does not recognize the codec."""


class _TooOldError(Exception):
    """The installed FFmpeg is too old for the request."""


def main() -> None:
    """Serve the request on standard input, then report the end of the sound or the failure."""
    _confine()
    line = sys.stdin.readline()
    if not line.endswith("\n"):
        return
    request = json.loads(line)
    _end_with_parent()
    with os.fdopen(os.dup(1), "wb") as output:
        # Send text that libraries print to standard error, not between the messages.
        os.dup2(2, 1)
        failure: dict[str, Any] = {}
        try:
            _serve(request, output)
        except Exception as error:  # noqa: BLE001 (reported to the parent)
            kinds = [kind.__name__.strip("_") for kind in type(error).__mro__]
            failure = {"kinds": kinds, "errno": getattr(error, "errno", None)}
        _send(output, b"E", json.dumps(failure).encode())
        output.flush()


def _confine() -> None:
    """Forbid core dumps, which would contain the url; be killed first if memory runs out."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name, value in (("coredump_filter", "0"), ("oom_score_adj", "1000")):
        with suppress(OSError), open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123
            file.write(value)


def _end_with_parent() -> None:
    """Have the kernel end this process when the parent's end of standard input closes.

    SIGIO's default action ends the process even if a decoder is busy or it waits for a server.
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGIO])
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([0], [], [], 0)[0]:
        # The parent's end was closed before.
        sys.exit()


def _serve(request: dict[str, Any], output: BinaryIO) -> None:
    memory_bytes = request["memory_bytes"]
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    sys.path += [request["packages"], request["program"]]
    import av

    from daemon.sound.decoding.opening import open_container, resolve

    if av.library_versions["libavformat"][0] < request["least_libavformat"]:
        raise _TooOldError
    timeouts = request["timeouts"]
    began = time.monotonic()
    try:
        container = open_container(request)
    except av.FFmpegError as error:
        if timeouts and time.monotonic() - began >= timeouts[0]:
            # FFmpeg's RTSP reports an interrupted response as an invalid one.
            raise TimeoutError from None
        if error.errno == errno.EIO and request["host"] is not None:
            resolve(*request["host"])
        raise
    with container:
        _decode(container, output, keeps_time=request["keeps_time"])


def _decode(container: Any, output: BinaryIO, *, keeps_time: bool) -> None:
    """Send one audio stream to its end; with `keeps_time`, fill its gaps with silence."""
    from daemon.sound.decoding.decoded_frames import Frames
    from daemon.sound.decoding.packed_frames import Packer
    from daemon.sound.decoding.timeline import Timeline

    stream = _select_stream(container)
    sender = _Sender(output)
    is_float = stream.codec_context.name.startswith(_FLOAT_CODECS)
    sender.send_tracks(len(container.streams.audio), is_float=is_float)
    packer = Packer()
    frames = Frames(container, stream)
    timeline = Timeline(frames.file_starts_at)
    try:
        for frame, seconds, starts_at, lost_seconds, is_damaged in frames:
            if keeps_time:
                silence_seconds = timeline.silence_before(
                    starts_at, lost_seconds=lost_seconds, is_damaged=is_damaged
                )
                sender.send_silence(silence_seconds, frame)
                timeline.add(starts_at, seconds)
            for packed in packer.pack(frame):
                sender.send(packed)
    finally:
        # Also send the sound from before an error.
        sender.flush()
        sender.send_findings(*_findings(frames, timeline))


def _select_stream(container: Any) -> Any:
    """Return the default audio stream, or the first one, ready to decode.

    Raises _NoSoundError if there is none, _NoDecoderError if none can be decoded.
    """
    streams = container.streams.audio
    if not streams:
        raise _NoSoundError
    known = [stream for stream in streams if stream.codec_context is not None]
    if not known:
        raise _NoDecoderError
    stream = next(filter(_is_default, known), known[0])
    codec = stream.codec_context
    codec.thread_count = 1
    _use_plain_layout(codec)
    return stream


def _is_default(stream: Any) -> bool:
    disposition = getattr(stream, "disposition", None)  # PyAV 13 does not have it.
    return disposition is not None and bool(disposition & type(disposition).default)


def _use_plain_layout(codec: Any) -> None:
    """Replace a list of individual channels in the layout by their number.

    Before PyAV 19, each frame frees such a list again, and the process crashes.
    """
    layout = codec.layout
    if "(" in layout.name:
        codec.layout = f"{layout.nb_channels} channels"


def _findings(frames: "Frames", timeline: "Timeline") -> tuple[float, float]:
    """Return the damaged seconds and the seconds left out."""
    missing_seconds = timeline.missing_seconds
    damaged_seconds = min(missing_seconds, frames.skipped_seconds)
    if 2 * damaged_seconds >= missing_seconds:
        damaged_seconds = missing_seconds
    return timeline.damaged_seconds + damaged_seconds, timeline.left_out_seconds


class _Sender:
    """Sends frames of packed floats, in messages of about a tenth of a second."""

    def __init__(self, output: BinaryIO) -> None:
        self._output = output
        self._format: tuple[int, int] | None = None
        self._pending = bytearray()

    def send_tracks(self, tracks: int, *, is_float: bool) -> None:
        """Send the number of audio streams, and whether the sent one is floating point."""
        _send(self._output, b"T", TRACKS.pack(tracks, is_float))

    def _send_format(self, frame: Any) -> tuple[int, int]:
        """Send the frame's format if it has changed; return it."""
        form = frame.sample_rate, frame.layout.nb_channels
        if form != self._format:
            self.flush()
            self._format = form
            _send(self._output, b"F", FORMAT.pack(*form))
        return form

    def send_silence(self, seconds: float, frame: Any) -> None:
        """Send `seconds` of silence in the format of `frame`, which follows it."""
        if seconds:
            self._send_format(frame)
            self.flush()
            _send(self._output, b"Q", SILENCE.pack(round(seconds * frame.sample_rate)))

    def send_findings(self, damaged: float, left_out: float) -> None:
        """Send how many seconds were damaged and how many were left out."""
        _send(self._output, b"G", FINDINGS.pack(damaged, left_out))

    def send(self, frame: Any) -> None:
        """Send one frame, now or together with the next ones."""
        rate_hz, channels = self._send_format(frame)
        self._pending += memoryview(frame.planes[0])[: frame.samples * channels * _SAMPLE_BYTES]
        if len(self._pending) * _BLOCKS_A_SECOND >= rate_hz * channels * _SAMPLE_BYTES:
            self.flush()

    def flush(self) -> None:
        """Send all pending samples; a sample is never split between messages."""
        if self._format is not None:
            size = MOST_BYTES // (self._format[1] * _SAMPLE_BYTES) * self._format[1] * _SAMPLE_BYTES
            for start in range(0, len(self._pending), size):
                _send(self._output, b"S", self._pending[start : start + size])
        self._pending.clear()
        self._output.flush()


def _send(output: BinaryIO, kind: bytes, body: bytes | bytearray) -> None:
    output.write(HEADER.pack(kind, len(body)))
    output.write(body)


if __name__ == "__main__":
    main()
