"""Twenty files that are no recording, and an encoder for formats that libsndfile cannot write."""

import gzip
import io
import struct
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import av
import mido
import numpy as np
import soundfile


def encoded(path: Path, samples: np.ndarray) -> bytes:
    """Return 16 kHz mono samples as the format that the name of `path` stands for."""
    codec = "aac" if path.suffix == ".m4a" else "libopus"
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream(codec, rate=48_000, layout="mono")
        resampler = av.AudioResampler("fltp" if codec == "aac" else "flt", "mono", 48_000, 960)
        frame = av.AudioFrame.from_ndarray(samples[None, :], "flt", "mono")
        frame.sample_rate = 16_000
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return path.read_bytes()


def _wave(channels: int = 1, rate: int = 16_000, data: bytes = b"", bits: int = 16) -> bytes:
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", 1, channels, rate, (rate * block) % 2**32, block, bits)
    body = b"WAVEfmt \x10\0\0\0" + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _not_a_number() -> bytes:
    written = io.BytesIO()
    samples = np.zeros(80_000, np.float32)
    samples[40_000] = np.nan
    soundfile.write(written, samples, 16_000, format="WAV", subtype="FLOAT")
    return written.getvalue()


def _silent_film() -> bytes:
    written = io.BytesIO()
    with av.open(written, "w", format="matroska") as output:
        stream = output.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(25):
            picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return written.getvalue()


def _picture() -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + crc

    head = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 9 * 8)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _midi() -> bytes:
    written = io.BytesIO()
    file = mido.MidiFile()
    file.tracks.append(mido.MidiTrack([mido.Message("note_on", note=60)]))
    file.save(file=written)
    return written.getvalue()


BROKEN: Mapping[str, Callable[[], bytes]] = {
    "text": lambda: b"not a recording",
    "zeros": lambda: b"\0" * 100_000,
    "wave without an end": lambda: b"RIFF\xff\xff\xff\xffWAVEfmt ",
    "wave without samples": _wave,
    "wave without channels": lambda: _wave(channels=0, data=b"\1\2" * 1_000),
    "wave without a rate": lambda: _wave(rate=0, data=b"\1\2" * 1_000),
    "wave of four gigahertz": lambda: _wave(rate=4_000_000_000, data=b"\1\2" * 1_000),
    "samples that are no numbers": _not_a_number,
    "flac of noise": lambda: b"fLaC" + b"\xff" * 5_000,
    "ogg of zeros": lambda: b"OggS" + b"\0" * 5_000,
    "tag without music": lambda: b"ID3\x04" + b"\x7f" * 5_000,
    "m4a cut at its head": lambda: b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom\0\0\0\0",
    "film without sound": _silent_film,
    "picture": _picture,
    "midi": _midi,
    "gzip": lambda: gzip.compress(b"sound" * 1_000),
    "zip": lambda: b"PK\x03\x04" + b"\0" * 1_000,
    "web page": lambda: b"<html><body>error</body></html>",
    "playlist of local files": lambda: (
        b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n"
    ),
    "list of local files": lambda: b"ffconcat version 1.0\nfile /etc/passwd\n",
}
