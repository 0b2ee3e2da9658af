"""The decoding child: FFmpeg's sound of one stream or file, as packed floats on standard output.

`child.py` starts it as a program of its own and writes the request to its standard input.
Decoders read data that strangers made: one that crashes, hangs or grows takes only this process
with it. It imports nothing but the standard library, PyAV and modules of the daemon that import no
more than these, which keeps it small.
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
"""Before each message: its kind and the length of its body in bytes."""
FORMAT = struct.Struct("<II")
"""Body of a message of the kind `F`: sample rate in Hz, number of channels."""
TRACKS = struct.Struct("<I?")
"""Body of a message of the kind `T`: number of audio streams, of which one is sent, and whether
that one holds samples of floating point."""
SILENCE = struct.Struct("<Q")
"""Body of a message of the kind `Q`: its length in samples of the format before it."""
FINDINGS = struct.Struct("<2d")
"""Body of a message of the kind `G`: seconds of silence for damage, and seconds that are left out
because so much silence would be too much."""
MOST_BYTES = 1 << 20
"""The longest body."""
_BLOCKS_A_SECOND = 10
_SAMPLE_BYTES = 4
# They keep the values of a program that leaves those of integers.
_FLOAT_CODECS = "pcm_f"


class _NoSoundError(Exception):
    """There is no audio stream."""


class _NoDecoderError(Exception):
    """FFmpeg knows the stream's codec and has no decoder for it, or does not know it."""


class _TooOldError(Exception):
    """This FFmpeg cannot do what the request needs."""


def main() -> None:
    """Serve the request on standard input, then report the end of the sound or the failure."""
    _confine()
    line = sys.stdin.readline()
    if not line.endswith("\n"):
        return
    request = json.loads(line)
    _end_with_parent()
    with os.fdopen(os.dup(1), "wb") as output:
        # Libraries that print must not print between the messages.
        os.dup2(2, 1)
        failure: dict[str, Any] = {}
        try:
            _serve(request, output)
        except Exception as error:  # noqa: BLE001 (the other side turns it into words)
            kinds = [kind.__name__.strip("_") for kind in type(error).__mro__]
            failure = {"kinds": kinds, "errno": getattr(error, "errno", None)}
        _send(output, b"E", json.dumps(failure).encode())
        output.flush()


def _confine() -> None:
    """No core dump, which would hold the url; killed first where memory is short."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name, value in (("coredump_filter", "0"), ("oom_score_adj", "1000")):
        with suppress(OSError), open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123
            file.write(value)


def _end_with_parent() -> None:
    """Be ended by the kernel when the other end of standard input closes, however that happens.

    SIGIO's default action ends a process, even one that is busy in a decoder or waits for a server.
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGIO])
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([0], [], [], 0)[0]:
        # It closed before.
        sys.exit()


def _serve(request: dict[str, Any], output: BinaryIO) -> None:
    memory_bytes = request["memory_bytes"]
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    sys.path += [request["packages"], request["program"]]
    import av

    from daemon.sound.decoding.opening import opened, resolve

    if av.library_versions["libavformat"][0] < request["least_libavformat"]:
        raise _TooOldError
    timeouts = request["timeouts"]
    began = time.monotonic()
    try:
        container = opened(request)
    except av.FFmpegError as error:
        if timeouts and time.monotonic() - began >= timeouts[0]:
            # RTSP takes the interrupted answer for a wrong one.
            raise TimeoutError from None
        if error.errno == errno.EIO and request["host"] is not None:
            resolve(*request["host"])
        raise
    with container:
        _decode(container, output, keeps_time=request["keeps_time"])


def _decode(container: Any, output: BinaryIO, *, keeps_time: bool) -> None:
    """Send one audio stream until it ends, and with `keeps_time` silence where it has gaps."""
    from daemon.sound.decoding.decoded_frames import Frames
    from daemon.sound.decoding.packed_frames import Packer
    from daemon.sound.decoding.timeline import Timeline

    stream = _chosen(container)
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
            for packed in packer.packed(frame):
                sender.send(packed)
    finally:
        # What came before an error is sound too.
        sender.flush()
        sender.send_findings(*_findings(frames, timeline))


def _chosen(container: Any) -> Any:
    """The default audio stream, or the first one, ready to decode."""
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
    disposition = getattr(stream, "disposition", None)  # PyAV 13 does not tell.
    return disposition is not None and bool(disposition & type(disposition).default)


def _use_plain_layout(codec: Any) -> None:
    """Number the channels where the file lists them one by one.

    Before PyAV 19 each frame frees that list once more, and the process crashes.
    """
    layout = codec.layout
    if "(" in layout.name:
        codec.layout = f"{layout.nb_channels} channels"


def _findings(frames: "Frames", timeline: "Timeline") -> tuple[float, float]:
    """Seconds that are damaged, and seconds that are left out."""
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
        """Send the number of audio streams, and whether the one holds floating point."""
        _send(self._output, b"T", TRACKS.pack(tracks, is_float))

    def _begin(self, frame: Any) -> tuple[int, int]:
        """Send the frame's format, where it changes."""
        form = frame.sample_rate, frame.layout.nb_channels
        if form != self._format:
            self.flush()
            self._format = form
            _send(self._output, b"F", FORMAT.pack(*form))
        return form

    def send_silence(self, seconds: float, frame: Any) -> None:
        """Send silence before this frame, in its format."""
        if seconds:
            self._begin(frame)
            self.flush()
            _send(self._output, b"Q", SILENCE.pack(round(seconds * frame.sample_rate)))

    def send_findings(self, damaged: float, left_out: float) -> None:
        """Send what became of the gaps, in seconds."""
        _send(self._output, b"G", FINDINGS.pack(damaged, left_out))

    def send(self, frame: Any) -> None:
        """Send one frame, now or with those that follow."""
        rate_hz, channels = self._begin(frame)
        self._pending += memoryview(frame.planes[0])[: frame.samples * channels * _SAMPLE_BYTES]
        if len(self._pending) * _BLOCKS_A_SECOND >= rate_hz * channels * _SAMPLE_BYTES:
            self.flush()

    def flush(self) -> None:
        """Send what is pending, in messages of whole samples."""
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
