"""Make files with PyAV for tests: with gaps, late starts and damage."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from tests.daemon.conftest import Samples

RATE_HZ = 48_000
MARK_HZ = 3_000.0


class Kind(NamedTuple):
    """The format of a file."""

    suffix: str
    """File extension with its dot."""
    container: str
    """FFmpeg's name of the container."""
    codec: str
    """FFmpeg's name of the encoder."""


M4A = Kind(".m4a", "mp4", "aac")
WEBM = Kind(".webm", "webm", "libopus")
MKA = Kind(".mka", "matroska", "libmp3lame")
WMA = Kind(".wma", "asf", "wmav2")
AAC = Kind(".aac", "adts", "aac")
FLAC = Kind(".flac", "flac", "flac")
MP3 = Kind(".mp3", "mp3", "libmp3lame")
OGG = Kind(".ogg", "ogg", "libopus")
TS = Kind(".ts", "mpegts", "aac")
FLV = Kind(".flv", "flv", "libmp3lame")


def marked_tone(seconds: float, mark_at: float, rate_hz: int = RATE_HZ) -> Samples:
    """Return a tone (n,) of 440 Hz with noise, and half a second of `MARK_HZ` at `mark_at`."""
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    samples = 0.3 * np.sin(2 * np.pi * 440 * at)
    samples += np.random.default_rng(1).uniform(-0.02, 0.02, len(at))
    is_mark = (at >= mark_at) & (at < mark_at + 0.5)
    samples[is_mark] = 0.5 * np.sin(2 * np.pi * MARK_HZ * at[is_mark])
    return samples.astype(np.float32)


def mark_in(heard: Samples) -> float:
    """Return when the mark begins in 16 kHz sound, in seconds, to 10 ms."""
    pieces = heard[: len(heard) // 160 * 160].reshape(-1, 160)
    wave = np.exp(-2j * np.pi * MARK_HZ / 16_000 * np.arange(160))
    return float(np.argmax(np.abs(pieces @ wave) > 0.25 * 160 / 2)) / 100


def quiet_seconds(heard: Samples) -> float:
    """Return how many seconds of 16 kHz sound are silent, to 10 ms."""
    pieces = heard[: len(heard) // 160 * 160].reshape(-1, 160)
    return float((np.abs(pieces).max(axis=1) < 1e-4).sum()) / 100


def pyav() -> Any:
    """Return PyAV, or skip the test if it is not installed."""
    return pytest.importorskip("av", reason="needs PyAV to make its file")


def frames_of(samples: Samples, rate_hz: int, layout: str, size: int) -> Iterator[Any]:
    av = pyav()
    for start in range(0, len(samples), size):
        piece = samples[start : start + size]
        rows = np.ascontiguousarray(np.tile(piece, (2 if layout == "stereo" else 1, 1)))
        frame = av.AudioFrame.from_ndarray(rows, format="fltp", layout=layout)
        frame.sample_rate, frame.pts = rate_hz, start
        yield frame


def write(
    path: Path,
    samples: Samples,
    kind: Kind,
    *,
    rate_hz: int = RATE_HZ,
    layout: str = "mono",
    keeps: Callable[[float], bool] = lambda _: True,
    starts_at: Callable[[float], float] = lambda seconds: seconds,
    with_video: bool = False,
) -> Path:
    """Write samples (n,) in the format `kind`; return the path with its suffix.

    `keeps` returns whether to write the packet of a given time, `starts_at` its new time stamp.
    """
    av = pyav()
    path = path.with_suffix(kind.suffix)
    with av.open(str(path), "w", format=kind.container) as file:
        if with_video:
            write_video = add_video(file, round(len(samples) / rate_hz) + 5)
        stream = file.add_stream(kind.codec, rate=rate_hz, layout=layout)
        stream.bit_rate = 64_000
        if with_video:
            write_video()
        resampler = av.AudioResampler(format=stream.codec_context.format, layout=layout)
        packets = []
        for frame in frames_of(samples, rate_hz, layout, 1_024):
            for converted in resampler.resample(frame):
                packets += stream.encode(converted)
        packets += stream.encode(None)
        for packet in packets:
            seconds = float(packet.pts * packet.time_base)
            if not keeps(seconds):
                continue
            moved = round((starts_at(seconds) - seconds) / packet.time_base)
            packet.pts, packet.dts = packet.pts + moved, packet.dts + moved
            file.mux(packet)
    return path


def add_video(file: Any, seconds: int) -> Callable[[], None]:
    """Add a video stream of `seconds` to `file`; return a function that writes it."""
    av = pyav()
    codec = "libvpx" if file.format.name == "webm" else "mpeg4"
    stream = file.add_stream(codec, rate=5)
    stream.width = stream.height = 32
    stream.pix_fmt = "yuv420p"

    def write_it() -> None:
        for index in range(5 * seconds):
            image = np.full((32, 32, 3), index % 200, np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))

    return write_it


def damage(path: Path, *, at: float = 0.5, share: float = 0.01) -> None:
    """Overwrite the share `share` of the file with zeros, from the relative position `at` on."""
    content = bytearray(path.read_bytes())
    start, size = int(at * len(content)), int(share * len(content))
    content[start : start + size] = bytes(size)
    path.write_bytes(content)


def decode_with_pyav(path: Path) -> Samples:
    """Return the samples (n,) that PyAV itself decodes, mixed to mono."""
    av = pyav()
    pieces = []
    with av.open(io.BytesIO(path.read_bytes())) as file:
        for frame in file.decode(audio=0):
            samples = frame.to_ndarray()
            if not frame.format.is_planar:
                samples = samples.reshape(-1, frame.layout.nb_channels).T
            if samples.dtype.kind == "i":
                samples = samples / np.float32(-np.iinfo(samples.dtype).min)
            pieces.append(samples.mean(axis=0))
    return np.concatenate(pieces).astype(np.float32)
