"""Make recordings for tests in many formats; each second has a different tone."""

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from daemon.sound.containers.mpeg_frames import frame_size
from tests.daemon.conftest import Samples

RATE_HZ = 16_000
SECONDS = 8
_LOWEST_HZ, _STEP_HZ = 400.0, 200.0


def steps(seconds: float = SECONDS, rate_hz: int = RATE_HZ, first: int = 0) -> Samples:
    """Return a tone (n,) that rises every second, beginning with the step `first`."""
    time_seconds = np.arange(round(seconds * rate_hz)) / rate_hz
    hz = _LOWEST_HZ + _STEP_HZ * (np.floor(time_seconds) + first)
    return (0.4 * np.sin(2 * np.pi * np.cumsum(hz) / rate_hz)).astype(np.float32)


def noise(seconds: float = SECONDS) -> Samples:
    """Return noise (n,), which has the same number of bytes in every second when encoded."""
    samples = np.random.default_rng(1).normal(0, 0.1, round(seconds * RATE_HZ))
    return samples.astype(np.float32)


def seconds_heard(heard: Samples) -> list[int]:
    """Return which seconds of `steps` the sound contains, in order; -1 for a second of silence."""
    found = []
    for start in range(0, len(heard) - 12_000, 16_000):
        middle = heard[start + 4_000 : start + 12_000].astype(np.float64)
        if np.abs(middle).max() < 0.01:
            found.append(-1)
            continue
        spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
        found.append(round((spectrum.argmax() * 2.0 - _LOWEST_HZ) / _STEP_HZ))
    return found


def encode(
    container: str, subtype: str, samples: Samples | None = None, rate_hz: int = RATE_HZ
) -> bytes:
    """Encode `samples`, by default `steps()`, with libsndfile."""
    file = io.BytesIO()
    samples = steps() if samples is None else samples
    soundfile.write(file, samples, rate_hz, format=container, subtype=subtype)
    return file.getvalue()


def mp3(samples: Samples | None = None, rate_hz: int = RATE_HZ, mode: str = "VARIABLE") -> bytes:
    """Encode `samples`, by default `steps()`, as MP3 with a header that counts its frames."""
    file = io.BytesIO()
    samples = steps() if samples is None else samples
    with soundfile.SoundFile(
        file, "w", rate_hz, 1, "MPEG_LAYER_III", format="MP3", bitrate_mode=mode
    ) as sink:
        sink.write(samples)
    return file.getvalue()


def without_header(content: bytes) -> bytes:
    """Return an MP3 without its first frame, the header that counts the others."""
    found = frame_size(content[:4])
    assert found is not None
    assert b"Xing" in content[: found[0]] or b"Info" in content[: found[0]]
    return content[found[0] :]


def wav(
    size: int | None = None, samples: Samples | None = None, tail: bytes = b"", bits: int = 16
) -> bytes:
    """Return a WAV file whose header states `size` bytes of sound; None for the true size."""
    values = steps() if samples is None else samples
    if bits == 8:
        data = (values * 127 + 128).astype(np.uint8).tobytes()
    else:
        data = (values * 32_767).astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, RATE_HZ, RATE_HZ * bits // 8, bits // 8, bits)
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data"
    chunks += struct.pack("<I", len(data) if size is None else size) + data + tail
    total = len(chunks) if size is None else min(size + 36, 0xFFFF_FFFF)
    return b"RIFF" + struct.pack("<I", total) + chunks


LIST_CHUNK = (
    b"LIST" + struct.pack("<I", 26) + b"INFOISFT" + struct.pack("<I", 14) + b"Timbrel 0.1.0\0"
)


class _Pipe(io.RawIOBase):
    """A file that cannot seek, to which FFmpeg writes as to a pipe."""

    def __init__(self) -> None:
        self.content = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.content += bytes(data)
        return len(data)


def encode_with_ffmpeg(
    container: str,
    codec: str,
    *,
    rate_hz: int = RATE_HZ,
    seconds: float = SECONDS,
    into_pipe: bool = False,
) -> bytes:
    """Encode `steps` with FFmpeg; with `into_pipe`, FFmpeg cannot correct the header at the end."""
    av = pytest.importorskip("av", reason="needs PyAV to write it")
    pipe, file = _Pipe(), io.BytesIO()
    samples = steps(seconds, rate_hz)
    with av.open(pipe if into_pipe else file, "w", format=container) as sink:
        stream = sink.add_stream(codec, rate=rate_hz, layout="mono")
        for start in range(0, len(samples), 1_024):
            piece = np.ascontiguousarray(samples[None, start : start + 1_024])
            frame = av.AudioFrame.from_ndarray(piece, format="flt", layout="mono")
            frame.sample_rate, frame.pts = rate_hz, start
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    return pipe.content if into_pipe else file.getvalue()


def put(folder: Path, name: str, content: bytes) -> Path:
    """Write `content` to a file; return its path."""
    path = folder / name
    path.write_bytes(content)
    return path
