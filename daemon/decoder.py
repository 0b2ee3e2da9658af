"""The decoding child: FFmpeg's sound of one stream or file, as packed floats on standard output.

`daemon/decoding.py` starts it as a program of its own and writes the request to its standard input.
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
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

HEADER = struct.Struct("<cI")
"""Before each message: its kind and the length of its body in bytes."""
FORMAT = struct.Struct("<II")
"""Body of a message of the kind `F`: sample rate in Hz, number of channels."""
MOST_BYTES = 1 << 20
"""The longest body."""
_MOST_CHANNELS = 64
_BLOCKS_A_SECOND = 10
_SAMPLE_BYTES = 4


class _NoSoundError(Exception):
    """There is no audio stream."""


class _NoDecoderError(Exception):
    """FFmpeg knows the stream's codec and has no decoder for it, or does not know it."""


class _TooManyChannelsError(Exception):
    """FFmpeg's resampler cannot convert them."""


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

    from daemon.opening import opened, resolve

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
        _decode(container, output, skips_damage=request["skips_damage"])


def _decode(container: Any, output: BinaryIO, *, skips_damage: bool) -> None:
    """Send the first audio stream until it ends."""
    if not container.streams.audio:
        raise _NoSoundError
    codec = container.streams.audio[0].codec_context
    if codec is None:
        raise _NoDecoderError
    codec.thread_count = 1
    _use_plain_layout(codec)
    form: tuple[int, int] | None = None
    pending = bytearray()
    try:
        for frame in _packed(_frames(container, skips_damage=skips_damage)):
            channels, rate_hz = frame.layout.nb_channels, frame.sample_rate
            if form != (rate_hz, channels):
                _send_samples(output, pending, form)
                form = rate_hz, channels
                _send(output, b"F", FORMAT.pack(rate_hz, channels))
            plane = memoryview(frame.planes[0])
            pending += plane[: frame.samples * channels * _SAMPLE_BYTES]
            if len(pending) * _BLOCKS_A_SECOND >= rate_hz * channels * _SAMPLE_BYTES:
                _send_samples(output, pending, form)
    finally:
        # What came before an error is sound too.
        _send_samples(output, pending, form)


def _use_plain_layout(codec: Any) -> None:
    """Number the channels where the file lists them one by one.

    Before PyAV 19 each frame frees that list once more, and the process crashes.
    """
    layout = codec.layout
    if "(" in layout.name:
        codec.layout = f"{layout.nb_channels} channels"


def _frames(container: Any, *, skips_damage: bool) -> Iterator[Any]:
    import av

    for packet in container.demux(audio=0):
        try:
            yield from packet.decode()
        except av.InvalidDataError:
            if not skips_damage:
                raise


def _packed(frames: Iterator[Any]) -> Iterator[Any]:
    """The frames as packed floats, converted by FFmpeg: it takes any number of channels.

    PyAV's own way to the samples of planar frames crashes at 8 channels.
    """
    form: tuple[str, str, int] | None = None
    graph: Any = None
    for frame in frames:
        if form != (frame.format.name, frame.layout.name, frame.sample_rate):
            form = frame.format.name, frame.layout.name, frame.sample_rate
            if frame.layout.nb_channels > _MOST_CHANNELS:
                raise _TooManyChannelsError
            graph = None if form[0] == "flt" else _converter(*form)
        if graph is None:
            yield frame
            continue
        graph.push(frame)
        while (converted := _pulled(graph)) is not None:
            yield converted


def _converter(sample_format: str, layout: str, rate_hz: int) -> Any:
    import av

    graph = av.filter.Graph()
    if hasattr(graph, "threads"):
        # Before PyAV 18 it takes a thread a core.
        graph.threads = 1
    source = graph.add(
        "abuffer", sample_rate=str(rate_hz), sample_fmt=sample_format, channel_layout=layout
    )
    packed = graph.add("aformat", sample_fmts="flt")
    sink = graph.add("abuffersink")
    source.link_to(packed)
    packed.link_to(sink)
    graph.configure()
    return graph


def _pulled(graph: Any) -> Any:
    import av

    try:
        return graph.pull()
    except (av.BlockingIOError, av.EOFError):
        return None


def _send_samples(output: BinaryIO, pending: bytearray, form: tuple[int, int] | None) -> None:
    """Send and clear what is pending, in messages of whole samples."""
    if form is not None:
        size = MOST_BYTES // (form[1] * _SAMPLE_BYTES) * form[1] * _SAMPLE_BYTES
        for start in range(0, len(pending), size):
            _send(output, b"S", pending[start : start + size])
    pending.clear()
    output.flush()


def _send(output: BinaryIO, kind: bytes, body: bytes | bytearray) -> None:
    output.write(HEADER.pack(kind, len(body)))
    output.write(body)


if __name__ == "__main__":
    main()
